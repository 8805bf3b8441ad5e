#include "sources/postgres/snapshot_reader.h"

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "clients/postgres/sql_text.h"
#include "sources/postgres/cursor_progress.h"
#include "sources/postgres/hashed_columns.h"
#include "sources/postgres/page_ranges.h"
#include "sources/postgres/table_reader.h"

namespace millrace {
namespace {

std::string Where(const std::vector<std::string>& conditions) {
  std::string where;
  for (const std::string& condition : conditions) {
    if (condition.empty()) continue;
    where += (where.empty() ? " WHERE " : " AND ") + condition;
  }
  return where;
}

std::string NotAbove(const TableColumn& cursor, const std::string& max) {
  return fmt::format("{} <= {}", QuoteIdentifier(cursor.name), CursorConstant(cursor, max));
}

/// "SELECT columns, cursor FROM table": the cursor is the hidden field.
std::string SelectWithCursor(const StreamPlan& plan, const TableColumn& cursor) {
  return fmt::format("SELECT {}{}{} FROM {}", plan.select_list(),
                     plan.select_list().empty() ? "" : ", ", StreamPlan::SelectExpression(cursor),
                     plan.from());
}

/// By the cursor, then by the primary key.
std::string CursorOrder(const PostgresTable& table, const TableColumn& cursor) {
  std::string order = " ORDER BY " + QuoteIdentifier(cursor.name);
  for (const std::string& column : table.primary_key) {
    if (column != cursor.name) order += ", " + QuoteIdentifier(column);
  }
  return order;
}

}  // namespace

Status SnapshotReader::TakeSnapshot(std::stop_token stop) {
  if (snapshot_ != nullptr) return Status::Ok();
  MR_ASSIGN_OR_RETURN(auto snapshot, Snapshot::Take(pool_, stop));
  MR_ASSIGN_OR_RETURN(const auto reader, snapshot->Enter(stop));
  validates_utf8_ = reader->connection().Parameter("server_encoding") == "SQL_ASCII";
  if (method_ == ReplicationMethod::kXmin) {
    MR_ASSIGN_OR_RETURN(xids_, ReadXidSnapshot(reader->connection(), stop));
  }
  auto tables = DiscoverTables(reader->connection(), scope_, stop);
  if (!tables.ok()) return tables.status().WithContext("reading the database's catalog");
  for (PostgresTable& table : *tables) {
    StreamDescriptor descriptor = table.descriptor();
    tables_.emplace(std::move(descriptor), std::move(table));
  }
  snapshot_ = std::move(snapshot);
  return Status::Ok();
}

Status SnapshotReader::Prepare(std::stop_token stop) {
  const std::lock_guard lock(mutex_);
  return TakeSnapshot(stop);
}

Result<StreamPlan*> SnapshotReader::PlanOf(const ConfiguredStream& stream, std::stop_token stop) {
  const std::lock_guard lock(mutex_);
  const StreamDescriptor& descriptor = stream.descriptor();
  const auto known = plans_.find(descriptor);
  if (known != plans_.end()) return known->second.get();
  MR_RETURN_IF_ERROR(TakeSnapshot(stop));
  const auto table = tables_.find(descriptor);
  if (table == tables_.end()) {
    return ConfigError(
        "{} is not among the tables that can be read: was it dropped, may the user read it, is its "
        "schema one of the configured ones?",
        descriptor.ToString());
  }
  MR_ASSIGN_OR_RETURN(auto plan, StreamPlan::Make(stream, table->second, validates_utf8_));
  return plans_.emplace(descriptor, std::move(plan)).first->second.get();
}

Result<CursorBounds> SnapshotReader::BoundsOf(const StreamPlan& plan, const TableColumn& cursor,
                                              std::stop_token stop) {
  const StreamDescriptor descriptor = plan.table().descriptor();
  {
    const std::lock_guard lock(mutex_);
    const auto known = bounds_.find(descriptor);
    if (known != bounds_.end()) return known->second;
  }
  MR_ASSIGN_OR_RETURN(const auto reader, snapshot_->Enter(stop));
  MR_ASSIGN_OR_RETURN(CursorBounds bounds,
                      ReadCursorBounds(reader->connection(), plan.table(), cursor, stop));
  if (bounds.rows_without_cursor > 0) {
    Log(LogLevel::kWarn,
        "{}: {} rows are NULL (or infinite, or NaN) in the cursor column \"{}\" and are not synced",
        descriptor.ToString(), bounds.rows_without_cursor, cursor.name);
  }
  const std::lock_guard lock(mutex_);
  return bounds_.emplace(descriptor, std::move(bounds)).first->second;
}

Status SnapshotReader::ReadPartition(const ConfiguredStream& stream, const Partition& partition,
                                     SourceOutput& output, std::stop_token stop) {
  MR_ASSIGN_OR_RETURN(StreamPlan* const plan, PlanOf(stream, stop));
  MR_ASSIGN_OR_RETURN(const PageRange range, PageRangeOf(partition));
  std::vector<std::string> conditions = {range.Condition()};
  if (range.cursor_max) {
    MR_ASSIGN_OR_RETURN(const TableColumn cursor, FindCursorColumn(stream, plan->table()));
    conditions.push_back(NotAbove(cursor, *range.cursor_max));
  }
  TableReader reader(*plan, *snapshot_, output, stop);
  MR_RETURN_IF_ERROR(reader.Open());
  // The planner's guess, where it has one: for progress only.
  if (plan->table().rows_estimate > 0) {
    output.ReportEstimate(stream.descriptor(), plan->table().rows_estimate, std::nullopt);
  }
  return reader.Read({range.schema, range.name},
                     fmt::format("SELECT {} FROM {}{}", plan->select_list(),
                                 QualifiedName(range.schema, range.name), Where(conditions)));
}

Status SnapshotReader::CollectRowHashes(StreamPlan& plan, const TableColumn& cursor,
                                        const std::string& more_condition, CursorState* state,
                                        std::stop_token stop) {
  MR_ASSIGN_OR_RETURN(const auto reader, snapshot_->Enter(stop));
  RowHashCollector collector(plan, *state);
  auto batch = plan.TakeBatch();
  CopyDecoder::Limits limits;
  limits.hidden_fields = 1;
  CopyDecoder decoder(
      *batch, limits, [](RowBatch&) { return Status::Ok(); }, &collector);
  const std::string select = fmt::format(
      "{} WHERE {} = {}{}{}", SelectWithCursor(plan, cursor), QuoteIdentifier(cursor.name),
      CursorConstant(cursor, *state->cursor), more_condition, CursorOrder(plan.table(), cursor));
  MR_RETURN_IF_ERROR(reader->connection().CopyOut(
      fmt::format("COPY ({}) TO STDOUT (FORMAT binary)", select), decoder, stop));
  MR_RETURN_IF_ERROR(decoder.Finish());
  plan.GiveBatch(std::move(batch));
  return Status::Ok();
}

Status SnapshotReader::AdaptToColumns(StreamPlan& plan, const TableColumn& cursor,
                                      CursorState* saved, std::stop_token stop) {
  if (!saved->cursor || !saved->has_row_hashes ||
      FindHashedColumns(saved->hashed_columns, plan.columns())) {
    return Status::Ok();
  }
  // A value that is gone can't be hashed: what is left is Airbyte's way, their number.
  int64_t count = 0;
  {
    MR_ASSIGN_OR_RETURN(const auto reader, snapshot_->Enter(stop));
    MR_ASSIGN_OR_RETURN(saved->cursor,
                        CanonicalCursor(reader->connection(), cursor, *saved->cursor, stop));
    MR_ASSIGN_OR_RETURN(
        count, CountAtCursor(reader->connection(), plan.table(), cursor, *saved->cursor, stop));
  }
  const bool same = count == saved->record_count;
  Log(same ? LogLevel::kInfo : LogLevel::kWarn,
      "{}: columns were dropped or changed their type since the last sync; of the rows at its "
      "cursor value {} there are {}, there were {}: {}",
      plan.table().descriptor().ToString(), *saved->cursor, count, saved->record_count,
      same ? "they count as delivered" : "they come again");
  saved->row_hashes.clear();
  saved->hashed_columns = HashedColumns(plan.columns());
  if (!same) return Status::Ok();
  // Too many to be known one by one: only what comes after the value is read.
  saved->has_row_hashes = count <= static_cast<int64_t>(CursorState::kRowHashesMax);
  if (!saved->has_row_hashes) return Status::Ok();
  saved->record_count = 0;
  return CollectRowHashes(plan, cursor, "", saved, stop);
}

Result<std::string> SnapshotReader::ConditionSince(const StreamPlan& plan,
                                                   const TableColumn& cursor,
                                                   const CursorBounds& bounds, CursorState* saved,
                                                   std::stop_token stop) {
  std::string since;
  if (saved->cursor) {
    MR_ASSIGN_OR_RETURN(const auto reader, snapshot_->Enter(stop));
    PgConnection& connection = reader->connection();
    MR_ASSIGN_OR_RETURN(saved->cursor, CanonicalCursor(connection, cursor, *saved->cursor, stop));
    // Always from the saved value on, so that a row that came late with the same value is seen. A
    // state of Airbyte's knows only how many there were: the same number means the same rows.
    bool from_value = true;
    if (!saved->has_row_hashes && saved->record_count > 0) {
      MR_ASSIGN_OR_RETURN(const int64_t count,
                          CountAtCursor(connection, plan.table(), cursor, *saved->cursor, stop));
      from_value = count != saved->record_count;
    }
    since = fmt::format("{} {} {}", QuoteIdentifier(cursor.name), from_value ? ">=" : ">",
                        CursorConstant(cursor, *saved->cursor));
  }
  return Where({since, NotAbove(cursor, *bounds.max)});
}

Status SnapshotReader::ReadByCursor(const ConfiguredStream& stream, const State& resume_from,
                                    SourceOutput& output, std::stop_token stop) {
  MR_ASSIGN_OR_RETURN(StreamPlan* const plan, PlanOf(stream, stop));
  MR_ASSIGN_OR_RETURN(const TableColumn cursor, FindCursorColumn(stream, plan->table()));
  CursorState saved;
  saved.cursor_field = cursor.name;
  if (auto found = FindCursorState(resume_from, stream.descriptor(), cursor.name)) {
    saved = *std::move(found);
  }
  MR_ASSIGN_OR_RETURN(const CursorBounds bounds, BoundsOf(*plan, cursor, stop));
  TableReader reader(*plan, *snapshot_, output, stop);
  MR_RETURN_IF_ERROR(reader.Open());
  // An empty table keeps the cursor it had.
  if (!bounds.max) return output.Checkpoint(ToStateMessage(stream.descriptor(), saved));
  MR_RETURN_IF_ERROR(AdaptToColumns(*plan, cursor, &saved, stop));
  MR_ASSIGN_OR_RETURN(const std::string where, ConditionSince(*plan, cursor, bounds, &saved, stop));
  CursorProgress progress(*plan, cursor, saved, output);
  MR_RETURN_IF_ERROR(reader.Read(
      {plan->table().schema, plan->table().name},
      SelectWithCursor(*plan, cursor) + where + CursorOrder(plan->table(), cursor), 1, &progress));
  return progress.Finish();
}

}  // namespace millrace
