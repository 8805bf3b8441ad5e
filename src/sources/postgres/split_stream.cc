// How SnapshotReader cuts a stream into pieces, and what the states after them are.

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "clients/postgres/sql_text.h"
#include "sources/postgres/cursor_progress.h"
#include "sources/postgres/hashed_columns.h"
#include "sources/postgres/snapshot_reader.h"
#include "sources/postgres/xmin_state.h"

namespace millrace {
namespace {

/// Of two lists of rows at one cursor value, the longer run of each.
void MergeHashes(const std::vector<uint64_t>& more, CursorState* state) {
  std::map<uint64_t, int64_t> missing;
  for (const uint64_t hash : more) ++missing[hash];
  for (const uint64_t hash : state->row_hashes) --missing[hash];
  for (const auto& [hash, count] : missing) {
    for (int64_t i = 0; i < count; ++i) {
      ++state->record_count;
      if (state->row_hashes.size() < CursorState::kRowHashesMax) state->row_hashes.push_back(hash);
    }
  }
}

/// Whether a read can go on at `state`; says why not.
bool Holds(const StreamDescriptor& stream, const PostgresTable& table, const CtidState& state) {
  const char* why = nullptr;
  if (!table.HasPages() || !state.IsOf(table)) {
    why = "the table was rewritten (VACUUM FULL, CLUSTER, TRUNCATE)";
  } else if (!state.HasAllRowsOf(table)) {
    why = "rows of the table were updated or deleted, or the table was altered,";
  }
  if (why == nullptr) return true;
  Log(LogLevel::kWarn, "{}: {} since its read was interrupted: it is read from its start",
      stream.ToString(), why);
  return false;
}

}  // namespace

void SnapshotReader::Resume(const ConfiguredStream& stream, const PostgresTable& table,
                            CtidState state, PageRead* read) {
  if (!Holds(stream.descriptor(), table, state)) return;
  Log(LogLevel::kInfo, "{}: its interrupted read goes on after {}", stream.descriptor().ToString(),
      state.ctid);
  read->final_state = state.incremental_state;
  read->resumed = std::move(state);
}

Status SnapshotReader::PlanByXid(const ConfiguredStream& stream, const StreamPlan& plan,
                                 const State& resume_from, PageRead* read, std::string* condition) {
  const StreamDescriptor& descriptor = stream.descriptor();
  const PostgresTable& table = plan.table();
  if (table.kind == 'v' || table.kind == 'f') {
    return ConfigError(
        "{} has no transaction ids, because it is a {}: use full refresh, or the update method "
        "Standard with a cursor",
        descriptor.ToString(), table.kind == 'v' ? "view" : "foreign table");
  }
  const XidSnapshot now = xids_;  // constant since the snapshot was taken
  if (auto state = FindCtidState(resume_from, descriptor);
      state && XidOfState(*state->incremental_state)) {
    Resume(stream, table, *std::move(state), read);
    if (read->resumed) return Status::Ok();
  }
  read->final_state = XminStateOf(now.oldest_running);
  const Json* const saved = resume_from.Find(descriptor);
  const auto xid = saved == nullptr ? std::nullopt : XidOfState(*saved);
  if (!xid) return Status::Ok();
  if (auto since = ConditionSinceXid(*xid, now)) {
    *condition = *std::move(since);
  } else {
    Log(LogLevel::kWarn,
        "{}: transaction ids have wrapped around since the saved state {} (now {}), or it is of "
        "another server: the table is read from its start",
        descriptor.ToString(), *xid, now.oldest_running);
  }
  return Status::Ok();
}

Result<bool> SnapshotReader::PlanByCursor(const ConfiguredStream& stream, const StreamPlan& plan,
                                          const State& resume_from, PageRead* read,
                                          std::optional<std::string>* cursor_max,
                                          std::stop_token stop) {
  const StreamDescriptor& descriptor = stream.descriptor();
  MR_ASSIGN_OR_RETURN(const TableColumn cursor, FindCursorColumn(stream, plan.table()));
  if (FindCursorState(resume_from, descriptor, cursor.name)) return false;
  auto state = FindCtidState(resume_from, descriptor);
  auto saved = state ? CursorStateOf(*state->incremental_state, descriptor, cursor.name)
                     : std::optional<CursorState>();
  if (saved) Resume(stream, plan.table(), *std::move(state), read);
  if (read->resumed) {
    MR_ASSIGN_OR_RETURN(const auto reader, snapshot_->Enter(stop));
    MR_ASSIGN_OR_RETURN(saved->cursor,
                        CanonicalCursor(reader->connection(), cursor, *saved->cursor, stop));
    *cursor_max = saved->cursor;
    read->final_state = JsonValue(ToJson(descriptor, *saved));
    const std::lock_guard lock(mutex_);
    bounds_[descriptor] = {saved->cursor, 0};
    return true;
  }
  read->final_state = JsonValue();
  MR_ASSIGN_OR_RETURN(CursorBounds bounds, BoundsOf(plan, cursor, stop));
  *cursor_max = std::move(bounds.max);
  return cursor_max->has_value();
}

Result<bool> SnapshotReader::CanGoOn(const ConfiguredStream& stream, const State& saved,
                                     std::stop_token stop) {
  MR_RETURN_IF_ERROR(Prepare(stop));
  const auto plan = PlanOf(stream, stop);
  if (!plan.ok()) return true;  // Split says what is wrong, of this stream alone
  const StreamDescriptor& descriptor = stream.descriptor();
  if (const auto read = FindReadState(saved, descriptor)) {
    // What was read and is only to be shown is as good as it was. But rows that were appended may
    // be there already: they must not be read again.
    return !stream.replaces_table() || Holds(descriptor, (*plan)->table(), *read);
  }
  const auto place = FindCtidState(saved, descriptor);
  if (place) return Holds(descriptor, (*plan)->table(), *place);
  Log(LogLevel::kWarn, "{}: its saved state is none of a full refresh: it is read from its start",
      descriptor.ToString());
  return false;
}

void SnapshotReader::PlanFullRefresh(const ConfiguredStream& stream, const StreamPlan& plan,
                                     const State& resume_from, PageRead* read) {
  read->full_refresh = true;
  if (FindReadState(resume_from, stream.descriptor())) {
    // All of it has been read: the stream is opened, that its table may be finished.
    Log(LogLevel::kInfo, "{}: it has been read; only its table is finished",
        stream.descriptor().ToString());
    read->ranges = {{plan.table().schema, plan.table().name, {}, {}, {}, {}, "false"}};
    return;
  }
  if (auto place = FindCtidState(resume_from, stream.descriptor())) {
    Resume(stream, plan.table(), *std::move(place), read);
    read->final_state = JsonValue();
  }
  read->ranges = PlanPageRanges(plan.table(), read->resume_point());
  read->resumable = plan.table().HasPages();
}

Result<std::vector<Partition>> SnapshotReader::Split(const ConfiguredStream& stream,
                                                     const State& resume_from,
                                                     std::stop_token stop) {
  MR_ASSIGN_OR_RETURN(StreamPlan* const plan, PlanOf(stream, stop));
  PageRead read;
  std::optional<std::string> cursor_max;
  std::string condition;
  if (stream.sync_mode == SyncMode::kFullRefresh) {
    PlanFullRefresh(stream, *plan, resume_from, &read);
  } else if (method_ == ReplicationMethod::kXmin) {
    MR_RETURN_IF_ERROR(PlanByXid(stream, *plan, resume_from, &read, &condition));
  } else {
    MR_ASSIGN_OR_RETURN(const bool by_pages,
                        PlanByCursor(stream, *plan, resume_from, &read, &cursor_max, stop));
    if (!by_pages) return std::vector<Partition>();
  }
  if (read.ranges.empty()) {
    read.ranges = PlanPageRanges(plan->table(), read.resume_point());
    // A read of some rows only has no place for how far it has come in Airbyte's states.
    read.resumable = condition.empty() && plan->table().HasPages();
  }
  std::vector<Partition> partitions;
  for (PageRange& range : read.ranges) {
    if (cursor_max) range.cursor_max = cursor_max;
    if (!condition.empty()) range.condition = condition;
    partitions.push_back(ToPartition(stream.descriptor(), range));
  }
  if (partitions.size() > 1) MR_RETURN_IF_ERROR(snapshot_->Lock(plan->table(), stop));
  const std::lock_guard lock(mutex_);
  reads_[stream.descriptor()] = std::move(read);
  return partitions;
}

bool SnapshotReader::HasStatesOnTheWay(const ConfiguredStream& stream) {
  const std::lock_guard lock(mutex_);
  const auto found = reads_.find(stream.descriptor());
  return found != reads_.end() && found->second.resumable;
}

Result<StateMessage> SnapshotReader::StateAfterPartitions(const ConfiguredStream& stream,
                                                          size_t done, std::stop_token stop) {
  const StreamDescriptor& descriptor = stream.descriptor();
  MR_ASSIGN_OR_RETURN(StreamPlan* const plan, PlanOf(stream, stop));
  PageRead read;
  {
    const std::lock_guard lock(mutex_);
    const auto found = reads_.find(descriptor);
    if (found == reads_.end()) return SystemError("{} was not split", descriptor.ToString());
    read = found->second;
  }
  if (!read.full_refresh && method_ == ReplicationMethod::kStandard &&
      (read.final_state->empty() || read.resumed)) {
    MR_ASSIGN_OR_RETURN(Json state, CursorStateAtEnd(stream, read, stop));
    read.final_state = JsonValue(std::move(state));
    // Asked for once; of a read that goes on, the end's is another than the one on the way.
    if (!read.resumed) {
      const std::lock_guard lock(mutex_);
      reads_[descriptor].final_state = read.final_state;
    }
  }
  if (done < read.ranges.size()) {
    return ToStateMessage(descriptor, read.StateAfter(plan->table(), done));
  }
  if (read.full_refresh) return ReadStateOf(plan->table());
  return StateMessage::OfStream(descriptor, *read.final_state);
}

Result<Json> SnapshotReader::CursorStateAtEnd(const ConfiguredStream& stream, const PageRead& read,
                                              std::stop_token stop) {
  MR_ASSIGN_OR_RETURN(StreamPlan* const plan, PlanOf(stream, stop));
  MR_ASSIGN_OR_RETURN(const TableColumn cursor, FindCursorColumn(stream, plan->table()));
  CursorState saved;
  if (read.resumed) {
    saved = *CursorStateOf(*read.final_state, stream.descriptor(), cursor.name);
    // Which rows of a partitioned table, or of Airbyte's count, came, can't be told any more: those
    // at the last value come again, or not, as that state says.
    if (!saved.has_row_hashes || plan->table().parts.size() > 1 ||
        saved.hashed_columns != HashedColumns(plan->columns())) {
      return *read.final_state;
    }
  }
  MR_ASSIGN_OR_RETURN(const CursorBounds bounds, BoundsOf(*plan, cursor, stop));
  CursorState state;
  state.cursor_field = cursor.name;
  state.cursor = bounds.max;
  state.has_row_hashes = true;
  if (bounds.max) {
    const std::string after =
        read.resumed ? fmt::format(" AND ctid > {}::tid", QuoteLiteral(read.resumed->ctid)) : "";
    MR_RETURN_IF_ERROR(CollectRowHashes(*plan, cursor, after, &state, stop));
  }
  MergeHashes(saved.row_hashes, &state);
  return ToJson(stream.descriptor(), state);
}

}  // namespace millrace
