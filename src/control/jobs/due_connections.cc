#include "control/jobs/due_connections.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "base/log.h"
#include "control/schedule/schedule_document.h"

namespace millrace {
namespace {

constexpr int64_t kAtOnceMax = 100;

Status PutNextRun(SqlTransaction& transaction, const std::string& id,
                  const std::optional<int64_t>& next) {
  return transaction
      .Execute("UPDATE connection SET next_run_at = :1 WHERE id = :2", {OrNull(next), id})
      .status();
}

}  // namespace

Status SetNextRun(SqlTransaction& transaction, const Connection& connection, int64_t last_run,
                  int64_t now) {
  const auto schedule = ScheduleFromDocument(*connection.document);
  std::optional<int64_t> next;
  if (schedule.ok()) {
    next = NextRun(*schedule, connection.id, last_run, now);
  } else {
    Log(LogLevel::kError, "the schedule of connection {}: {}", connection.id,
        schedule.status().ToString());
  }
  return PutNextRun(transaction, connection.id, next);
}

Status MakeDueJobs(SqlDatabase& database, const JobService& jobs, int64_t now) {
  std::vector<std::string> due;
  MR_RETURN_IF_ERROR(database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(
        const auto rows,
        transaction.Query("SELECT id FROM connection WHERE deleted = 0 AND status = 'active' AND "
                          "next_run_at <= :1 AND NOT EXISTS (SELECT 1 FROM job WHERE "
                          "job.connection_id = connection.id AND "
                          "job.status IN ('pending', 'running', 'incomplete')) "
                          "ORDER BY next_run_at LIMIT :2",
                          {now, kAtOnceMax}));
    due.clear();
    for (const SqlRow& row : rows) due.push_back(row.Text(0));
    return Status::Ok();
  }));
  for (const std::string& id : due) {
    JobRequest request;
    request.connection_id = id;
    request.scheduled = true;
    MR_RETURN_IF_ERROR(jobs.Create(request).status());
  }
  return Status::Ok();
}

}  // namespace millrace
