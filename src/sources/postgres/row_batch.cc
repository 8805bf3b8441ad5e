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

Status RowBatch::Append(const WireField* fields, int stride, int rows, int64_t bytes) {
  while (room_ - rows_ < rows) MR_RETURN_IF_ERROR(MakeRoom());
  for (size_t column = 0; column < vectors_.size(); ++column) {
    for (int at = 0; at < rows;) {
      const ColumnFields rest{fields + column + static_cast<ptrdiff_t>(at) * stride, stride,
                              rows - at};
      ValueOutcome outcome = ValueOutcome::kOk;
      const int taken = vectors_[column].Append(rows_ + at, rest, &outcome);
      at += taken;
      if (outcome == ValueOutcome::kOk) continue;
      if (outcome == ValueOutcome::kMalformed) {
        return SystemError(
            "column {}: the server sent {} bytes that are no value of the column's type (was the "
            "table changed during the sync?)",
            names_[column], rest[taken - 1].size);
      }
      changes_.push_back({rows_ + at - 1, names_[column],
                          outcome == ValueOutcome::kNulled ? "NULLED" : "TRUNCATED", kReason});
    }
  }
  rows_ += rows;
  bytes_ += bytes;
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
  // They came column by column.
  std::stable_sort(changes_.begin(), changes_.end(),
                   [](const FieldChange& a, const FieldChange& b) { return a.row < b.row; });
  batch.changes = std::move(changes_);
  changes_.clear();
  room_expected_ = std::max(room_expected_, rows_);
  rows_ = 0;
  bytes_ = 0;
  room_ = 0;
  return batch;
}

}  // namespace millrace
