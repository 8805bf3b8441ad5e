#include "lake/merge/changed_rows.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <map>
#include <utility>

#include "lake/merge/conform.h"
#include "lake/merge/row_selection.h"

namespace millrace {

ChangedRows::ChangedRows(ChangeScan& changes, const MergePlan& plan, SchemaPtr schema,
                         int64_t held_bytes)
    : changes_(changes), plan_(plan), schema_(std::move(schema)), held_bytes_(held_bytes) {
  for (const auto& field : schema_->fields()) columns_.insert(field->name());
}

Status ChangedRows::Stream(
    uint16_t first, uint16_t last,
    const std::function<Status(uint16_t, std::shared_ptr<arrow::RecordBatch>)>& sink) {
  const auto goes = [&](int64_t row) {
    const uint16_t target = plan_.target[static_cast<size_t>(row)];
    return target >= first && target <= last && !plan_.IsPartial(row);
  };
  return changes_.ForEach(
      columns_,
      [&](int64_t row, int64_t count) {
        for (const int64_t end = row + count; row < end; ++row) {
          if (goes(row)) return true;
        }
        return false;
      },
      [&](const arrow::RecordBatch& batch, int64_t first_row, size_t) -> Status {
        std::map<uint16_t, std::vector<int64_t>> rows_of;
        for (int64_t i = 0; i < batch.num_rows(); ++i) {
          if (goes(first_row + i)) {
            rows_of[plan_.target[static_cast<size_t>(first_row + i)]].push_back(i);
          }
        }
        if (rows_of.empty()) return Status::Ok();
        MR_ASSIGN_OR_RETURN(const auto conformed, ConformRows(batch, schema_));
        for (const auto& [target, rows] : rows_of) {
          if (static_cast<int64_t>(rows.size()) == batch.num_rows()) {
            MR_RETURN_IF_ERROR(sink(target, conformed));
            continue;
          }
          MR_ASSIGN_OR_RETURN(auto selected, SelectRows(conformed, rows));
          MR_RETURN_IF_ERROR(sink(target, std::move(selected)));
        }
        return Status::Ok();
      });
}

Status ChangedRows::Hold(uint16_t first) {
  const int64_t row_bytes = std::max<int64_t>(changes_.row_bytes(), 1);
  int64_t bytes = 0;
  size_t end = first - MergePlan::kFirstFile;
  for (; end < plan_.files.size(); ++end) {
    bytes += plan_.files[end].added_rows * row_bytes;
    if (bytes > held_bytes_) break;
  }
  held_first_ = first;
  held_.assign(end - (first - MergePlan::kFirstFile), {});
  if (held_.empty()) return Status::Ok();
  return Stream(first, static_cast<uint16_t>(MergePlan::kFirstFile + end - 1),
                [&](uint16_t target, std::shared_ptr<arrow::RecordBatch> rows) {
                  held_[target - held_first_].push_back(std::move(rows));
                  return Status::Ok();
                });
}

Result<ChangedRows::Taken> ChangedRows::Take(uint16_t target) {
  Taken taken{target, false, {}};
  if (target < MergePlan::kFirstFile) return taken;
  std::lock_guard lock(mutex_);
  const bool held = target >= held_first_ && target < held_first_ + held_.size();
  if (!held) MR_RETURN_IF_ERROR(Hold(target));
  if (held_.empty()) return taken;
  taken.held = true;
  taken.rows = std::exchange(held_[target - held_first_], {});
  return taken;
}

Status ChangedRows::ForEach(Taken taken, const Sink& sink) {
  for (auto& rows : taken.rows) MR_RETURN_IF_ERROR(sink(std::exchange(rows, nullptr)));
  if (taken.held) return Status::Ok();
  return Stream(
      taken.target, taken.target,
      [&](uint16_t, const std::shared_ptr<arrow::RecordBatch>& rows) { return sink(rows); });
}

}  // namespace millrace
