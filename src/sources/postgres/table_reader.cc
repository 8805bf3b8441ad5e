#include "sources/postgres/table_reader.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "base/log.h"

namespace millrace {
namespace {

constexpr int kAttemptsMax = 3;

bool IsTransient(const Status& status) {
  return status.failed() && status.error().type == FailureType::kTransientError;
}

}  // namespace

Status TableReader::Open() {
  opened_ = plan_.schema();
  return output_.Open(plan_.table().descriptor(), opened_);
}

Status TableReader::Read(const std::string& select, int hidden_fields, RowFilter* filter) {
  for (int attempt = 1;; ++attempt) {
    bool may_repeat = false;
    const Status status = ReadOnce(select, hidden_fields, filter, &may_repeat);
    if (status.ok() || !may_repeat || !IsTransient(status) || attempt == kAttemptsMax) {
      return status;
    }
    Log(LogLevel::kWarn, "reading {}: {}; trying again ({} of {})",
        plan_.table().descriptor().ToString(), status.error().message, attempt + 1, kAttemptsMax);
  }
}

Status TableReader::ReadOnce(const std::string& select, int hidden_fields, RowFilter* filter,
                             bool* may_repeat) {
  *may_repeat = true;
  MR_ASSIGN_OR_RETURN(const auto reader, snapshot_.Enter(stop_));
  auto batch = plan_.TakeBatch();
  CopyDecoder::Limits limits;
  limits.hidden_fields = hidden_fields;
  CopyDecoder decoder(
      *batch, limits, [this](RowBatch& full) { return Emit(full); }, filter);
  Status status = reader->connection().CopyOut(
      fmt::format("COPY ({}) TO STDOUT (FORMAT binary)", select), decoder, stop_);
  // A filter has seen rows: it would see them again.
  *may_repeat = decoder.batches_emitted() == 0 && (filter == nullptr || decoder.rows_read() == 0);
  MR_RETURN_IF_ERROR(status);
  *may_repeat = false;
  MR_RETURN_IF_ERROR(decoder.Finish());
  plan_.GiveBatch(std::move(batch));
  return Status::Ok();
}

Status TableReader::Emit(RowBatch& batch) {
  for (int i = 0; i < opened_->num_fields(); ++i) {
    if (opened_->field(i)->nullable() || !batch.HasNull(i)) continue;
    // A value of a NOT NULL column became null: the column is nullable from here on.
    opened_ = plan_.SchemaAllowing(batch);
    MR_RETURN_IF_ERROR(output_.Open(plan_.table().descriptor(), opened_));
    break;
  }
  MR_ASSIGN_OR_RETURN(ChangeBatch rows, batch.Finish(opened_));
  return output_.Emit(plan_.table().descriptor(), std::move(rows), Deadline::Never());
}

}  // namespace millrace
