#include "control/jobs/job_transition.h"

#include "control/jobs/auto_disable.h"
#include "control/jobs/job_timeline.h"

namespace millrace {

Result<std::optional<Job>> LockJob(SqlTransaction& transaction, int64_t id) {
  // SQLite has no row locks, and needs none: a transaction that writes is alone.
  MR_RETURN_IF_ERROR(
      transaction.Execute("UPDATE job SET updated_at = updated_at WHERE id = :1", {id}).status());
  return FindJob(transaction, id);
}

Result<bool> MoveJob(SqlTransaction& transaction, Job* job, JobEvent event, int64_t now) {
  const std::string from = job->status;
  const auto to = NextJobState(from, event);
  if (!to) return false;
  Job moved = *job;
  moved.status = *to;
  moved.updated_at = now;
  if (event == JobEvent::kAttemptStarted && !moved.started_at) moved.started_at = now;
  if (event != JobEvent::kAttemptFailed) moved.next_attempt_at.reset();
  MR_ASSIGN_OR_RETURN(const bool updated, UpdateJob(transaction, moved, from));
  if (!updated) return false;
  *job = std::move(moved);
  if (IsFinalJobState(job->status)) {
    MR_ASSIGN_OR_RETURN(const auto attempts, AttemptsOf(transaction, job->id));
    MR_RETURN_IF_ERROR(TellJobEnded(transaction, *job, attempts));
    if (job->status == "failed") {
      MR_RETURN_IF_ERROR(DisableIfOnlyFailing(transaction, job->connection_id, now));
    }
  }
  return true;
}

}  // namespace millrace
