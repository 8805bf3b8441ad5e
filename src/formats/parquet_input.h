#pragma once

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/result.h>

#include <memory>
#include <mutex>

#include "base/result.h"
#include "formats/parquet_reader.h"

namespace millrace {

/// A Parquet file as Arrow wants it. Remembers why a read failed: on its way through Arrow an
/// error loses its type. `bytes` outlives it.
class ParquetInput : public arrow::io::RandomAccessFile {
 public:
  explicit ParquetInput(const ParquetBytes& bytes) : bytes_(bytes) {}

  arrow::Result<int64_t> GetSize() override { return bytes_.size; }
  arrow::Result<int64_t> ReadAt(int64_t position, int64_t size, void* out) override;
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t size) override;
  arrow::Result<int64_t> Read(int64_t size, void* out) override;
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t size) override;
  arrow::Status Seek(int64_t position) override;
  arrow::Result<int64_t> Tell() const override { return position_; }
  arrow::Status Close() override;
  bool closed() const override { return closed_; }

  /// The failure of a read, or else that the file is no good: `what` is Arrow's word on it.
  Status Explain(const std::string& what) const;

 private:
  Result<int64_t> Fetch(int64_t position, int64_t size, char* out);

  const ParquetBytes& bytes_;
  mutable std::mutex mutex_;
  Status failure_;  // guarded by mutex_
  int64_t position_ = 0;
  bool closed_ = false;
};

}  // namespace millrace
