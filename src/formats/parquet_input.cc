#include "formats/parquet_input.h"

#include <utility>

#include "connector/block_pool.h"

namespace millrace {

arrow::Result<int64_t> ParquetInput::ReadAt(int64_t position, int64_t size, void* out) {
  Result<int64_t> got = Fetch(position, size, static_cast<char*>(out));
  if (got.ok()) return *got;
  std::lock_guard lock(mutex_);
  failure_ = got.status();
  return arrow::Status::IOError(failure_.ToString());
}

arrow::Result<std::shared_ptr<arrow::Buffer>> ParquetInput::ReadAt(int64_t position, int64_t size) {
  ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(size, BlockPool()));
  ARROW_ASSIGN_OR_RAISE(const int64_t got, ReadAt(position, size, buffer->mutable_data()));
  ARROW_RETURN_NOT_OK(buffer->Resize(got, false));
  return std::shared_ptr<arrow::Buffer>(std::move(buffer));
}

arrow::Result<int64_t> ParquetInput::Read(int64_t size, void* out) {
  ARROW_ASSIGN_OR_RAISE(const int64_t got, ReadAt(position_, size, out));
  position_ += got;
  return got;
}

arrow::Result<std::shared_ptr<arrow::Buffer>> ParquetInput::Read(int64_t size) {
  ARROW_ASSIGN_OR_RAISE(auto buffer, ReadAt(position_, size));
  position_ += buffer->size();
  return buffer;
}

arrow::Status ParquetInput::Seek(int64_t position) {
  position_ = position;
  return arrow::Status::OK();
}

arrow::Status ParquetInput::Close() {
  closed_ = true;
  return arrow::Status::OK();
}

Status ParquetInput::Explain(const std::string& what) const {
  std::lock_guard lock(mutex_);
  if (!failure_.ok()) return failure_;
  return ConfigError("the Parquet file is corrupted or cut short: {}", what);
}

Result<int64_t> ParquetInput::Fetch(int64_t position, int64_t size, char* out) {
  MR_ASSIGN_OR_RETURN(const std::unique_ptr<ByteReader> reader, bytes_.open(position, size));
  int64_t read = 0;
  for (int64_t got = 1; got > 0 && read < size; read += got) {
    MR_ASSIGN_OR_RETURN(got, reader->Read(out + read, size - read));
  }
  return read;
}

}  // namespace millrace
