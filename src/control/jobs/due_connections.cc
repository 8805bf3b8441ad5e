#include "control/jobs/due_connections.h"

#include <vector>

#include "base/log.h"
#include "control/schedule/schedule_document.h"

namespace millrace {
namespace {

constexpr int64_t kAtOnceMax = 100;

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
    MR_ASSIGN_OR_RETURN(due, ListDueConnections(transaction, now, kAtOnceMax));
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
