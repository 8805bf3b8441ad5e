#include "verify/row_passes.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <mutex>
#include <thread>
#include <utility>

#include "base/usable_threads.h"
#include "verify/source_rows.h"

namespace millrace {
namespace {

constexpr const char* kMetaColumnName = "_airbyte_meta";
constexpr const char* kDeletedAtColumn = "_ab_cdc_deleted_at";
constexpr int kLanesMax = 4;

}  // namespace

/// One reading thread of the source.
class RowPasses::Lane : public RowTaker {
 public:
  Lane(RowPasses& passes, int number, const std::function<void()>& on_plan, const OnRow& on_row)
      : passes_(passes), number_(number), on_plan_(on_plan), on_row_(on_row) {}

  Status Open(const SchemaPtr& schema) override {
    MR_RETURN_IF_ERROR(passes_.EnsurePlan(*schema, on_plan_));
    digester_.emplace(passes_.plan_, RowDigester::Side::kSource);
    return Status::Ok();
  }

  Status Take(const std::shared_ptr<arrow::RecordBatch>& rows) override {
    if (passes_.stop_.stop_requested()) return Status::Canceled();
    digester_->Digest(*rows, &digests_);
    for (size_t row = 0; row < digests_.row.size(); ++row) {
      switch (digests_.sides[row]) {
        case CursorSide::kWithin:
          on_row_(number_, *rows, digests_, row);
          break;
        case CursorSide::kBeyond:
          ++newer;
          newer_keys.push_back(digests_.key[row]);
          break;
        case CursorSide::kNull:
          ++without_cursor;
          break;
      }
    }
    if (newer_keys.size() <= kNewerKeysMax) return Status::Ok();
    return ConfigError(
        "more than {} rows of {} came after the last sync, too many to tell apart; sync first, "
        "then verify",
        kNewerKeysMax, passes_.stream_.descriptor().ToString());
  }

  int64_t newer = 0, without_cursor = 0;
  std::vector<uint64_t> newer_keys;

 private:
  RowPasses& passes_;
  const int number_;
  const std::function<void()>& on_plan_;
  const OnRow& on_row_;
  std::optional<RowDigester> digester_;
  RowDigests digests_;
};

RowPasses::RowPasses(SourceMaker make_source, ReadableDestination& destination,
                     const ConfiguredStream& stream, std::optional<std::string> saved_cursor,
                     std::stop_token stop)
    : make_source_(std::move(make_source)),
      destination_(destination),
      stream_(stream),
      saved_cursor_(std::move(saved_cursor)),
      stop_(std::move(stop)) {}

int RowPasses::lanes() { return std::min(UsableThreads(), kLanesMax); }

Status RowPasses::EnsurePlan(const arrow::Schema& schema, const std::function<void()>& on_plan) {
  std::lock_guard lock(mutex_);
  if (planned_) return Status::Ok();
  MR_ASSIGN_OR_RETURN(plan_, MakeComparePlan(stream_, schema));
  if (plan_.cursor && saved_cursor_) {
    plan_.bound = CursorBound::Parse(*saved_cursor_, plan_.columns[*plan_.cursor].kind);
  }
  planned_ = true;
  on_plan();
  return Status::Ok();
}

Status RowPasses::ReadSource(const std::function<void()>& on_plan, const OnRow& on_row) {
  MR_ASSIGN_OR_RETURN(const auto source, make_source_());
  std::vector<std::unique_ptr<Lane>> owned;
  std::vector<RowTaker*> takers;
  for (int i = 0; i < lanes(); ++i) {
    owned.push_back(std::make_unique<Lane>(*this, i, on_plan, on_row));
    takers.push_back(owned.back().get());
  }
  left_out_ = {};
  newer_keys_.clear();
  MR_RETURN_IF_ERROR(ReadSourceRows(*source, stream_, takers, stop_));
  if (!planned_) return SystemError("the source did not open {}", stream_.descriptor().ToString());
  for (const auto& lane : owned) {
    left_out_.newer_at_source += lane->newer;
    left_out_.without_cursor += lane->without_cursor;
    newer_keys_.insert(newer_keys_.end(), lane->newer_keys.begin(), lane->newer_keys.end());
  }
  std::sort(newer_keys_.begin(), newer_keys_.end());
  return Status::Ok();
}

/// Empty: all. The table's own schema says what it calls the columns.
Result<std::vector<std::string>> RowPasses::ColumnsToScan(bool with_meta) {
  MR_ASSIGN_OR_RETURN(const auto scan, destination_.Scan(stream_, {}));
  MR_ASSIGN_OR_RETURN(const auto first, scan->Next());
  if (first == nullptr) return std::vector<std::string>();
  const arrow::Schema& schema = *first->schema();
  // A column that the first file lacks may be in others.
  if (!MapColumns(schema, &plan_).empty()) return std::vector<std::string>();
  std::vector<std::string> columns;
  for (const ComparedColumn& column : plan_.columns) columns.push_back(column.destination_name);
  for (const char* name : {kDeletedAtColumn, with_meta ? kMetaColumnName : kDeletedAtColumn}) {
    const bool there = schema.GetFieldIndex(name) >= 0;
    if (there && std::find(columns.begin(), columns.end(), name) == columns.end()) {
      columns.emplace_back(name);
    }
  }
  return columns;
}

bool RowPasses::TakesPart(const RowDigests& digests, size_t row) {
  if (!digests.deleted.empty() && digests.deleted[row]) return ++left_out_.deleted, false;
  switch (digests.sides[row]) {
    case CursorSide::kWithin:
      break;
    case CursorSide::kBeyond:
      return ++left_out_.newer_in_destination, false;
    case CursorSide::kNull:
      return ++left_out_.without_cursor, false;
  }
  if (plan_.key.empty() || newer_keys_.empty()) return true;
  if (!std::binary_search(newer_keys_.begin(), newer_keys_.end(), digests.key[row])) return true;
  return ++left_out_.replaced_at_source, false;
}

Status RowPasses::ReadDestination(bool with_meta, const OnRow& on_row) {
  MR_ASSIGN_OR_RETURN(const auto columns, ColumnsToScan(with_meta));
  MR_ASSIGN_OR_RETURN(const auto scan, destination_.Scan(stream_, columns));
  RowDigester digester(plan_, RowDigester::Side::kDestination);
  RowDigests digests;
  std::shared_ptr<arrow::Schema> last;
  for (;;) {
    if (stop_.stop_requested()) return Status::Canceled();
    MR_ASSIGN_OR_RETURN(const auto rows, scan->Next());
    if (rows == nullptr) return Status::Ok();
    if (rows->schema() != last) {
      last = rows->schema();
      for (const auto& field : last->fields()) seen_columns_.insert(field->name());
    }
    digester.Digest(*rows, &digests);
    for (size_t row = 0; row < digests.row.size(); ++row) {
      if (TakesPart(digests, row)) on_row(0, *rows, digests, row);
    }
  }
}

std::vector<std::string> RowPasses::MissingColumns() const {
  std::vector<std::string> missing;
  for (const ComparedColumn& column : plan_.columns) {
    if (!seen_columns_.contains(column.destination_name)) missing.push_back(column.name);
  }
  return missing;
}

}  // namespace millrace
