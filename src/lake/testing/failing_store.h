#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "clients/object_store/object_store.h"

namespace millrace {

/// For tests: a store that stops working after a number of requests, as if the process had died
/// there, or of which one request fails.
class FailingStore : public ObjectStore {
 public:
  explicit FailingStore(std::unique_ptr<ObjectStore> store) : store_(std::move(store)) {}

  enum class Fault {
    kGone,            ///< that request and all after it; only those that change something count
    kOnce,            ///< that request, without effect
    kAfterItsEffect,  ///< that request has its effect, but says that it failed
  };

  /// Lets `requests` more through.
  void FailAfter(int requests, Fault fault = Fault::kGone) {
    left_ = requests;
    fault_ = fault;
  }
  /// Calls `other` once, right before the next object is put: what another process does then.
  void BeforePut(std::function<void()> other) { before_put_ = std::move(other); }
  /// The fault that was asked for has happened.
  bool failed() const { return failed_; }

  std::string Name() const override { return store_->Name(); }
  Result<std::vector<ObjectInfo>> List(std::string_view prefix) override {
    return Ask([&] { return store_->List(prefix); });
  }
  Result<std::unique_ptr<ObjectInfo>> Head(std::string_view key) override {
    return Ask([&] { return store_->Head(key); });
  }
  Result<std::unique_ptr<ByteReader>> OpenReader(std::string_view key, int64_t offset) override {
    return Ask([&] { return store_->OpenReader(key, offset); });
  }
  Result<std::string> ReadRange(std::string_view key, int64_t offset, int64_t size) override {
    return Ask([&] { return store_->ReadRange(key, offset, size); });
  }
  Result<PutOutcome> Put(std::string_view key, std::string_view content,
                         const PutCondition& condition) override {
    if (const auto other = std::exchange(before_put_, nullptr)) other();
    return Change([&] { return store_->Put(key, content, condition); });
  }
  Result<PutOutcome> PutRepeatable(std::string_view key, std::string_view content,
                                   const PutCondition& condition) override {
    if (const auto other = std::exchange(before_put_, nullptr)) other();
    return Change([&] { return store_->PutRepeatable(key, content, condition); });
  }
  Result<std::unique_ptr<ObjectUpload>> StartUpload(std::string_view key) override {
    return Change([&] { return store_->StartUpload(key); });
  }
  Status Complete(const PendingUpload& upload) override {
    return Change([&] { return store_->Complete(upload); });
  }
  Status Abort(const PendingUpload& upload) override {
    return Change([&] { return store_->Abort(upload); });
  }
  Status AbortUploads(std::string_view prefix, WallTime before,
                      const std::function<bool(const PendingUpload&)>& abandoned) override {
    return store_->AbortUploads(prefix, before, abandoned);
  }
  Status Delete(const std::vector<std::string>& keys) override {
    return Change([&] { return store_->Delete(keys); });
  }

 private:
  std::function<void()> before_put_;

  static Status Failure() { return TransientError("the test's store is gone"); }

  template <typename Request>
  auto Ask(Request request) -> decltype(request()) {
    if (fault_ == Fault::kGone) return request();
    return Change(request);
  }
  template <typename Request>
  auto Change(Request request) -> decltype(request()) {
    if (!Fails()) return request();
    if (fault_ == Fault::kAfterItsEffect) (void)request().ok();
    return Failure();
  }
  /// Whether the request that is about to be made is the one.
  bool Fails() {
    std::lock_guard lock(mutex_);
    if (left_ < 0) return false;
    if (left_ > 0) {
      --left_;
      return false;
    }
    failed_ = true;
    if (fault_ != Fault::kGone) left_ = -1;
    return true;
  }

  const std::unique_ptr<ObjectStore> store_;
  std::mutex mutex_;  // over what follows; a merge asks from several threads
  int left_ = -1;     // endless
  Fault fault_ = Fault::kGone;
  bool failed_ = false;
};

}  // namespace millrace
