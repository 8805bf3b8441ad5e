#include "formats/text_file_writer.h"

#include <arrow/record_batch.h>

#include <utility>

namespace millrace {
namespace {

constexpr size_t kChunkBytes = 256 << 10;

}  // namespace

void TextFileWriter::EnsureHead() {
  if (!std::exchange(head_written_, true)) AppendHead(text_);
}

Status TextFileWriter::Write(const std::shared_ptr<arrow::RecordBatch>& rows) {
  EnsureHead();
  for (int64_t row = 0; row < rows->num_rows(); ++row) {
    AppendRow(*rows, row, text_);
    if (text_.size() >= kChunkBytes) MR_RETURN_IF_ERROR(WriteBuffered());
  }
  rows_ += rows->num_rows();
  return WriteBuffered();
}

Status TextFileWriter::WriteBuffered() {
  MR_RETURN_IF_ERROR(output_.Write(text_));
  text_.clear();
  return Status::Ok();
}

Result<FileTotals> TextFileWriter::Close() {
  EnsureHead();
  MR_RETURN_IF_ERROR(WriteBuffered());
  MR_RETURN_IF_ERROR(output_.Close());
  return FileTotals{rows_, output_.written_bytes()};
}

}  // namespace millrace
