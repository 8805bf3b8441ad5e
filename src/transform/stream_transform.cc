#include "transform/stream_transform.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>

#include "base/log.h"

namespace millrace {

Result<StreamTransform> StreamTransform::Make(const ConfiguredStream& stream,
                                              std::shared_ptr<arrow::Schema> input,
                                              MetadataMode metadata, const Clock& clock,
                                              MissingFields missing) {
  MR_ASSIGN_OR_RETURN(auto kept, SelectColumns(stream, *input, missing));
  StreamTransform transform(stream, std::move(input), std::move(kept), metadata, clock);
  for (const auto& field : transform.metadata_.fields()) {
    if (transform.output_->GetAllFieldIndices(field->name()).size() == 1) continue;
    return ConfigError(
               "{} has a column {} of its own, the name of a metadata column: leave it out of "
               "selected_fields or set metadata: none",
               stream.descriptor().ToString(), field->name())
        .WithStream(stream.descriptor());
  }
  return transform;
}

StreamTransform::StreamTransform(const ConfiguredStream& stream,
                                 std::shared_ptr<arrow::Schema> input, std::vector<int> kept,
                                 MetadataMode metadata, const Clock& clock)
    : stream_name_(stream.descriptor().ToString()),
      input_(std::move(input)),
      kept_(std::move(kept)),
      metadata_(metadata, stream, clock) {
  identity_ = metadata_.fields().empty() && static_cast<int>(kept_.size()) == input_->num_fields();
  if (identity_) {
    output_ = input_;
    return;
  }
  arrow::FieldVector fields = metadata_.fields();
  for (const int column : kept_) fields.push_back(input_->field(column));
  output_ = arrow::schema(std::move(fields), input_->metadata());
}

Result<ChangeBatch> StreamTransform::Apply(ChangeBatch batch) {
  if (metadata_.apart()) return Select(std::move(batch));
  MR_RETURN_IF_ERROR(CheckFits(batch));
  if (!batch.changes.empty()) {
    DropChangesOfUnselected(&batch.changes);
    CountChanges(batch.changes);
  }
  ChangeBatch applied;
  if (identity_) {
    applied.rows = std::move(batch.rows);
    applied.unchanged = std::move(batch.unchanged);
    return applied;
  }
  const int64_t num_rows = batch.num_rows();
  MR_ASSIGN_OR_RETURN(const auto metadata, metadata_.Make(batch));
  std::vector<std::shared_ptr<arrow::ArrayData>> columns;
  columns.reserve(metadata.size() + kept_.size());
  for (const auto& column : metadata) columns.push_back(column->data());
  for (const int column : kept_) columns.push_back(batch.rows->column_data(column));
  applied.rows = arrow::RecordBatch::Make(output_, num_rows, std::move(columns));
  if (!batch.unchanged.empty()) {
    applied.unchanged.columns.resize(metadata.size());
    for (const int column : kept_) {
      applied.unchanged.columns.push_back(batch.unchanged.columns[static_cast<size_t>(column)]);
    }
  }
  return applied;
}

Result<ChangeBatch> StreamTransform::Select(ChangeBatch batch) {
  MR_RETURN_IF_ERROR(CheckFits(batch));
  if (!batch.changes.empty()) {
    DropChangesOfUnselected(&batch.changes);
    values_changed_ += static_cast<int64_t>(batch.changes.size());
  }
  if (identity_) return batch;
  std::vector<std::shared_ptr<arrow::ArrayData>> columns;
  UnchangedMask unchanged;
  for (const int column : kept_) {
    columns.push_back(batch.rows->column_data(column));
    if (batch.unchanged.empty()) continue;
    unchanged.columns.push_back(batch.unchanged.columns[static_cast<size_t>(column)]);
  }
  batch.rows = arrow::RecordBatch::Make(output_, batch.num_rows(), std::move(columns));
  batch.unchanged = std::move(unchanged);
  return batch;
}

Status StreamTransform::CheckFits(const ChangeBatch& batch) const {
  const bool same = batch.rows != nullptr &&
                    (batch.rows->schema() == input_ || batch.rows->schema()->Equals(*input_));
  if (!same) {
    return SystemError("{}: the source sent rows of another schema than it opened the stream with",
                       stream_name_);
  }
  const auto& masks = batch.unchanged.columns;
  if (masks.empty()) return Status::Ok();
  const bool fits = static_cast<int>(masks.size()) == input_->num_fields() &&
                    std::all_of(masks.begin(), masks.end(), [&](const auto& mask) {
                      return mask == nullptr || mask->length() == batch.num_rows();
                    });
  if (!fits) return SystemError("{}: a mask of unchanged values does not fit", stream_name_);
  return Status::Ok();
}

void StreamTransform::DropChangesOfUnselected(std::vector<FieldChange>* changes) const {
  if (static_cast<int>(kept_.size()) == input_->num_fields()) return;
  // A change may name a place inside a column, so only whole names of dropped columns are matched.
  std::erase_if(*changes, [&](const FieldChange& change) {
    const int column = input_->GetFieldIndex(change.field);
    return column >= 0 && !std::binary_search(kept_.begin(), kept_.end(), column);
  });
}

void StreamTransform::CountChanges(const std::vector<FieldChange>& changes) {
  if (changes.empty()) return;
  if (values_changed_ == 0 && !metadata_.has_meta()) {
    Log(LogLevel::kWarn,
        "{}: a value of {} could not be kept ({}, {}); there is no _airbyte_meta to record such "
        "changes in, they are only counted",
        stream_name_, changes[0].field, changes[0].change, changes[0].reason);
  }
  values_changed_ += static_cast<int64_t>(changes.size());
}

}  // namespace millrace
