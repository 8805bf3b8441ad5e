#include "sources/postgres/row_batch.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>

namespace millrace {
namespace {

constexpr int64_t kFirstRoom = 1024;
constexpr const char* kReason = "SOURCE_SERIALIZATION_ERROR";

}  // namespace

RowBatch::RowBatch(const std::vector<Column>& columns, bool validates_utf8) {
  for (const Column& column : columns) {
    names_.push_back(column.name);
    vectors_.emplace_back(column.type);
    vectors_.back().set_validates_utf8(validates_utf8);
    fixed_row_bytes_ += vectors_.back().fixed_width();
  }
}

Status RowBatch::MakeRoom() {
  room_ = std::max({kFirstRoom, room_ * 2, room_ == 0 ? room_expected_ : 0});
  for (ColumnVector& vector : vectors_) MR_RETURN_IF_ERROR(vector.Reserve(room_));
  return Status::Ok();
}

Status RowBatch::Append(const WireField* fields, int64_t wire_bytes) {
  if (rows_ == room_) MR_RETURN_IF_ERROR(MakeRoom());
  for (size_t i = 0; i < vectors_.size(); ++i) {
    const ValueOutcome outcome = vectors_[i].Append(rows_, fields[i]);
    if (outcome == ValueOutcome::kOk) [[likely]]
      continue;
    if (outcome == ValueOutcome::kMalformed) {
      return SystemError(
          "column {}: the server sent {} bytes that are no value of the column's type (was the "
          "table changed during the sync?)",
          names_[i], fields[i].size);
    }
    changes_.push_back(
        {rows_, names_[i], outcome == ValueOutcome::kNulled ? "NULLED" : "TRUNCATED", kReason});
  }
  ++rows_;
  bytes_ += std::max(wire_bytes, fixed_row_bytes_);
  return Status::Ok();
}

Result<ChangeBatch> RowBatch::Finish(const std::shared_ptr<arrow::Schema>& schema) {
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (ColumnVector& vector : vectors_) {
    MR_ASSIGN_OR_RETURN(auto data, vector.Finish(rows_));
    arrays.push_back(arrow::MakeArray(data));
  }
  ChangeBatch batch;
  batch.rows = arrow::RecordBatch::Make(schema, rows_, std::move(arrays));
  batch.changes = std::move(changes_);
  changes_.clear();
  room_expected_ = std::max(room_expected_, rows_);
  rows_ = 0;
  bytes_ = 0;
  room_ = 0;
  return batch;
}

}  // namespace millrace
