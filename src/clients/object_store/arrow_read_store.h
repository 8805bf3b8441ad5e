#pragma once

#include <arrow/filesystem/type_fwd.h>
#include <arrow/io/type_fwd.h>
#include <arrow/type_fwd.h>

#include <functional>
#include <memory>
#include <string>

#include "clients/object_store/object_store.h"

namespace millrace {

/// An Arrow filesystem below one folder (a bucket, a container) as an ObjectStore to read from.
/// Thread-safe, as Arrow's filesystems are.
class ArrowReadStore : public ObjectStore {
 public:
  static constexpr int kAttemptsMax = 4;

  /// `name` for messages: "gs://bucket".
  ArrowReadStore(std::shared_ptr<arrow::fs::FileSystem> files, std::string root, std::string name);

  std::string Name() const override { return name_; }
  Result<std::vector<ObjectInfo>> List(std::string_view prefix) override;
  Result<std::unique_ptr<ObjectInfo>> Head(std::string_view key) override;
  Result<std::unique_ptr<ByteReader>> OpenReader(std::string_view key, int64_t offset) override;
  Result<std::string> ReadRange(std::string_view key, int64_t offset, int64_t size) override;

  Result<PutOutcome> Put(std::string_view key, std::string_view content,
                         const PutCondition& condition) override;
  Result<std::unique_ptr<ObjectUpload>> StartUpload(std::string_view key) override;
  Status Complete(const PendingUpload& upload) override;
  Status Abort(const PendingUpload& upload) override;
  Status AbortUploads(std::string_view prefix, WallTime before,
                      const std::function<bool(const PendingUpload&)>& abandoned) override;
  Status Delete(const std::vector<std::string>& keys) override;

 private:
  std::string PathOf(std::string_view key) const { return root_ + "/" + std::string(key); }
  Result<std::shared_ptr<arrow::io::RandomAccessFile>> Open(std::string_view key);
  Status ReadOnly() const;

  const std::shared_ptr<arrow::fs::FileSystem> files_;
  const std::string root_;
  const std::string name_;
};

}  // namespace millrace
