#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <utility>

#include "formats/file_writer.h"
#include "lake/merge/merge_changes.h"
#include "lake/merge/upload_sink.h"

namespace millrace {

/// True when a file of so many bytes takes no new keys: near `bytes_max`, which whole row groups
/// meet by chance.
inline bool IsFullFile(int64_t bytes, int64_t bytes_max) {
  return bytes >= bytes_max - bytes_max / 8;
}

/// A file that a merge writes. One thread.
class MergedFileWriter {
 public:
  MergedFileWriter(UploadSink::Start start, const FileFormat& format, SchemaPtr schema)
      : sink_(std::move(start)), format_(format), schema_(std::move(schema)) {}

  const SchemaPtr& schema() const { return schema_; }
  int64_t rows() const { return rows_; }
  /// See IsFullFile.
  Result<bool> IsFull(int64_t bytes_max) {
    if (writer_ == nullptr) return false;
    // Encoded, rows take half of their memory at most, so the rest of the file is at hand.
    if (writer_->buffered_bytes() >= 2 * (bytes_max - writer_->written_bytes())) {
      MR_RETURN_IF_ERROR(writer_->WriteBuffered());
    }
    return IsFullFile(writer_->written_bytes(), bytes_max);
  }

  Status Write(const std::shared_ptr<arrow::RecordBatch>& rows) {
    if (rows->num_rows() == 0) return Status::Ok();
    MR_RETURN_IF_ERROR(Open());
    rows_ += rows->num_rows();
    // The same columns; what may be null differs.
    return writer_->Write(arrow::RecordBatch::Make(schema_, rows->num_rows(), rows->columns()));
  }

  Result<MergedFile> Finish() {
    MR_RETURN_IF_ERROR(Open());
    MR_ASSIGN_OR_RETURN(const FileTotals totals, writer_->Close());
    MR_ASSIGN_OR_RETURN(PendingUpload upload, sink_.Finish());
    return MergedFile{std::move(upload), totals.rows, totals.bytes};
  }

 private:
  Status Open() {
    if (writer_ != nullptr) return Status::Ok();
    MR_ASSIGN_OR_RETURN(writer_, MakeFileWriter(format_, schema_, sink_));
    return Status::Ok();
  }

  UploadSink sink_;  // before the writer, which writes to it
  const FileFormat& format_;
  const SchemaPtr schema_;
  std::unique_ptr<FileWriter> writer_;
  int64_t rows_ = 0;
};

}  // namespace millrace
