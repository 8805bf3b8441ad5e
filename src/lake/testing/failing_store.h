#pragma once

#include <memory>
#include <utility>

#include "clients/object_store/object_store.h"

namespace millrace {

/// For tests: a store that stops working after a number of requests that change something, as if
/// the process had died there.
class FailingStore : public ObjectStore {
 public:
  explicit FailingStore(std::unique_ptr<ObjectStore> store) : store_(std::move(store)) {}

  /// Lets `requests` more through.
  void FailAfter(int requests) { left_ = requests; }

  std::string Name() const override { return store_->Name(); }
  Result<std::vector<ObjectInfo>> List(std::string_view prefix) override {
    return store_->List(prefix);
  }
  Result<std::unique_ptr<ObjectInfo>> Head(std::string_view key) override {
    return store_->Head(key);
  }
  Result<std::unique_ptr<ByteReader>> OpenReader(std::string_view key, int64_t offset) override {
    return store_->OpenReader(key, offset);
  }
  Result<std::string> ReadRange(std::string_view key, int64_t offset, int64_t size) override {
    return store_->ReadRange(key, offset, size);
  }
  Result<PutOutcome> Put(std::string_view key, std::string_view content,
                         const PutCondition& condition) override {
    MR_RETURN_IF_ERROR(Pass());
    return store_->Put(key, content, condition);
  }
  Result<PutOutcome> PutRepeatable(std::string_view key, std::string_view content,
                                   const PutCondition& condition) override {
    MR_RETURN_IF_ERROR(Pass());
    return store_->PutRepeatable(key, content, condition);
  }
  Result<std::unique_ptr<ObjectUpload>> StartUpload(std::string_view key) override {
    MR_RETURN_IF_ERROR(Pass());
    return store_->StartUpload(key);
  }
  Status Complete(const PendingUpload& upload) override {
    MR_RETURN_IF_ERROR(Pass());
    return store_->Complete(upload);
  }
  Status Abort(const PendingUpload& upload) override {
    MR_RETURN_IF_ERROR(Pass());
    return store_->Abort(upload);
  }
  Status AbortUploads(std::string_view prefix, WallTime before,
                      const std::function<bool(const PendingUpload&)>& abandoned) override {
    return store_->AbortUploads(prefix, before, abandoned);
  }
  Status Delete(const std::vector<std::string>& keys) override {
    MR_RETURN_IF_ERROR(Pass());
    return store_->Delete(keys);
  }

 private:
  Status Pass() {
    if (left_ < 0) return Status::Ok();
    if (left_ == 0) return TransientError("the test's store is gone");
    --left_;
    return Status::Ok();
  }

  const std::unique_ptr<ObjectStore> store_;
  int left_ = -1;  // endless
};

}  // namespace millrace
