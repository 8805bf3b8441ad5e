#include "control/retention/retention.h"

#include <algorithm>
#include <functional>
#include <set>

namespace millrace {
namespace {

/// Ended before :1, and neither the newest of its connection nor its newest success.
constexpr const char* kDueJobs =
    "SELECT id FROM job WHERE created_at < :1 AND status IN ('failed', 'succeeded', 'cancelled') "
    "AND id < (SELECT max(newest.id) FROM job newest "
    "WHERE newest.connection_id = job.connection_id) "
    "AND (status <> 'succeeded' OR id < (SELECT max(newest.id) FROM job newest "
    "WHERE newest.connection_id = job.connection_id AND newest.status = 'succeeded')) "
    "ORDER BY created_at, id LIMIT :2";

constexpr const char* kDeleteEvents =
    "DELETE FROM connection_event WHERE id IN "
    "(SELECT id FROM connection_event WHERE created_at < :1 ORDER BY created_at, id LIMIT :2)";

constexpr const char* kDeleteCatalogs =
    "DELETE FROM discovered_catalog WHERE id IN (SELECT id FROM discovered_catalog "
    "WHERE created_at < :1 "
    "AND created_at < (SELECT max(newest.created_at) FROM discovered_catalog newest "
    "WHERE newest.source_id = discovered_catalog.source_id) "
    "AND NOT EXISTS (SELECT 1 FROM connection WHERE deleted = 0 "
    "AND connection.source_id = discovered_catalog.source_id "
    "AND connection.document LIKE '%' || discovered_catalog.id || '%') "
    "ORDER BY created_at LIMIT :2)";

/// Steps of bounded transactions until one finds less than it may delete.
Status InSteps(SqlDatabase& database, const std::stop_token& stop,
               const std::function<Result<int64_t>(SqlTransaction&)>& step, int64_t* deleted) {
  for (int64_t count = Retention::kRowsMax; count == Retention::kRowsMax;) {
    if (stop.stop_requested()) return Status::Canceled();
    MR_RETURN_IF_ERROR(database.Write([&](SqlTransaction& transaction) -> Status {
      MR_ASSIGN_OR_RETURN(count, step(transaction));
      return Status::Ok();
    }));
    *deleted += count;
  }
  return Status::Ok();
}

Result<std::set<AttemptId>> RunningAttempts(SqlDatabase& database) {
  std::set<AttemptId> running;
  MR_RETURN_IF_ERROR(database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(
        const auto rows,
        transaction.Query("SELECT job_id, number FROM attempt WHERE status = 'running'"));
    for (const SqlRow& row : rows) running.insert({row.Integer(0), row.Integer(1)});
    return Status::Ok();
  }));
  return running;
}

}  // namespace

int64_t Retention::Before(std::chrono::seconds age) const {
  return (clock_.WallNow() - age).time_since_epoch().count();
}

Result<int64_t> Retention::PruneJobs(SqlTransaction& transaction) const {
  MR_ASSIGN_OR_RETURN(const auto due, transaction.Query(kDueJobs, {Before(rules_.jobs), kRowsMax}));
  for (const SqlRow& row : due) {
    for (const char* statement :
         {"DELETE FROM stream_status WHERE job_id = :1", "DELETE FROM attempt WHERE job_id = :1",
          "DELETE FROM job WHERE id = :1"}) {
      MR_RETURN_IF_ERROR(transaction.Execute(statement, {row.Integer(0)}).status());
    }
  }
  return static_cast<int64_t>(due.size());
}

Status Retention::Prune(const std::stop_token& stop, Deleted* deleted) {
  MR_RETURN_IF_ERROR(InSteps(
      database_, stop, [&](SqlTransaction& transaction) { return PruneJobs(transaction); },
      &deleted->jobs));
  MR_RETURN_IF_ERROR(InSteps(
      database_, stop,
      [&](SqlTransaction& transaction) {
        return transaction.Execute(kDeleteEvents, {Before(rules_.events), kRowsMax});
      },
      &deleted->events));
  MR_RETURN_IF_ERROR(InSteps(
      database_, stop,
      [&](SqlTransaction& transaction) {
        return transaction.Execute(kDeleteCatalogs, {Before(rules_.catalogs), kRowsMax});
      },
      &deleted->catalogs));
  return PruneLogs(stop, &deleted->logs);
}

Status Retention::PruneLogs(const std::stop_token& stop, int64_t* deleted) {
  MR_ASSIGN_OR_RETURN(auto logs, logs_.List());
  MR_ASSIGN_OR_RETURN(const auto running, RunningAttempts(database_));
  std::sort(logs.begin(), logs.end(),
            [](const StoredLog& a, const StoredLog& b) { return a.written < b.written; });
  int64_t bytes = 0;
  for (const StoredLog& log : logs) bytes += log.bytes;
  const WallTime before = clock_.WallNow() - rules_.logs;
  for (const StoredLog& log : logs) {
    if (log.written >= before && bytes <= rules_.log_bytes) break;
    if (running.contains(log.id)) continue;
    if (stop.stop_requested()) return Status::Canceled();
    MR_RETURN_IF_ERROR(logs_.Remove(log.id));
    bytes -= log.bytes;
    ++*deleted;
  }
  return Status::Ok();
}

}  // namespace millrace
