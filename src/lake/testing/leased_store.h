#pragma once

#include <memory>
#include <utility>

#include "clients/object_store/object_store.h"

namespace millrace {

/// For tests: a store without conditions: whoever writes, wins.
class LeasedStore : public ObjectStore {
 public:
  explicit LeasedStore(std::unique_ptr<ObjectStore> store) : store_(std::move(store)) {}

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
                         const PutCondition&) override {
    return store_->Put(key, content, {});
  }
  Result<std::unique_ptr<ObjectUpload>> StartUpload(std::string_view key) override {
    return store_->StartUpload(key);
  }
  Status Complete(const PendingUpload& upload) override { return store_->Complete(upload); }
  Status Abort(const PendingUpload& upload) override { return store_->Abort(upload); }
  Status AbortUploads(std::string_view prefix, WallTime before,
                      const std::function<bool(const PendingUpload&)>& abandoned) override {
    return store_->AbortUploads(prefix, before, abandoned);
  }
  Status Delete(const std::vector<std::string>& keys) override { return store_->Delete(keys); }

 private:
  const std::unique_ptr<ObjectStore> store_;
};

}  // namespace millrace
