#include "formats/sink_stream.h"

namespace millrace {

arrow::Status SinkStream::Close() {
  closed_ = true;
  return arrow::Status::OK();
}

arrow::Status SinkStream::Write(const void* data, int64_t size) {
  failure_ = sink_.Write({static_cast<const char*>(data), static_cast<size_t>(size)});
  if (!failure_.ok()) return arrow::Status::IOError(failure_.ToString());
  written_ += size;
  return arrow::Status::OK();
}

}  // namespace millrace
