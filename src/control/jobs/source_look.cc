#include "control/jobs/source_look.h"

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/secrets.h"
#include "control/jobs/attempt_document.h"
#include "control/jobs/attempt_ledger.h"
#include "control/jobs/job_transition.h"
#include "control/schema/pause_words.h"
#include "control/store/connection_states.h"

namespace millrace {
namespace {

/// The streams that have gained columns are read from their start, so that old rows get them too.
Status Backfill(SqlTransaction& transaction, const std::string& connection_id,
                const std::vector<StreamDescriptor>& streams, int64_t now) {
  if (streams.empty()) return Status::Ok();
  MR_ASSIGN_OR_RETURN(auto stored, FindConnectionState(transaction, connection_id));
  // What several streams share can't be forgotten for some of them only.
  if (!stored || stored->saved.state.shared_state()) return Status::Ok();
  for (const StreamDescriptor& stream : streams) stored->saved.state.Clear(stream);
  return ReplaceConnectionState(transaction, connection_id, std::move(stored->saved.state), now);
}

/// Gives the job an attempt that has failed before it began.
Result<AttemptId> FailBeforeStart(SqlTransaction& transaction, Job job, const Error& why,
                                  int64_t now) {
  MR_ASSIGN_OR_RETURN(const auto earlier, AttemptsOf(transaction, job.id));
  Attempt attempt;
  attempt.job_id = job.id;
  attempt.number = static_cast<int64_t>(earlier.size());
  attempt.status = "running";
  attempt.lease_until = attempt.created_at = attempt.updated_at = now;
  MR_ASSIGN_OR_RETURN(attempt.fencing_token, NextFencingToken(transaction, now));
  MR_RETURN_IF_ERROR(InsertAttempt(transaction, attempt));
  MR_RETURN_IF_ERROR(MoveJob(transaction, &job, JobEvent::kAttemptStarted, now).status());
  const AttemptEnd end{false, {FailureJson(why, FailureOrigin::kPlatform, now)}};
  MR_RETURN_IF_ERROR(
      EndAttempt(transaction, {job.id, attempt.number, attempt.fencing_token}, end, now).status());
  return AttemptId{job.id, attempt.number};
}

void LogFailure(AttemptLogs& logs, const AttemptId& id, const Error& why) {
  logs.Begin(id, {});
  LogEvent event;
  event.level = "ERROR";
  event.message = why.message;
  logs.Append(id, event);
  logs.End(id);
}

}  // namespace

SourceLook::SourceLook(const Parts& parts, WaitingJob job, std::function<void()> on_end)
    : parts_(parts), job_(std::move(job)), on_end_(std::move(on_end)), thread_([this] { Run(); }) {}

void SourceLook::Run() {
  const Secrets::Scope secrets;
  const auto check = parts_.schemas.BeforeSync(job_.connection_id);
  if (!check.ok()) {
    Log(LogLevel::kWarn, "looking at the source of connection {}: {}", job_.connection_id,
        check.status().ToString());
  }
  if (check.status().canceled()) {  // the worker stops: the next one looks again
    done_ = true;
    return;
  }
  const int64_t now = parts_.clock.WallNow().time_since_epoch().count();
  std::optional<AttemptId> failed;
  Error why{FailureType::kConfigError, "", {}, {}};
  if (check.ok() && *check) {
    why.message = (*check)->connection.document->value(kPausedBecause, "the connection is paused");
  }
  const Status stored = parts_.database.Write([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(auto job, LockJob(transaction, job_.id));
    if (!job || job->status != "pending") return Status::Ok();
    if (check.ok() && *check) {
      if ((*check)->paused) {
        MR_ASSIGN_OR_RETURN(failed, FailBeforeStart(transaction, *std::move(job), why, now));
        return Status::Ok();
      }
      MR_RETURN_IF_ERROR(Backfill(transaction, job_.connection_id, (*check)->backfill, now));
    }
    return transaction.Execute("UPDATE job SET looked = 1 WHERE id = :1", {job_.id}).status();
  });
  if (!stored.ok()) Log(LogLevel::kError, "job {}: {}", job_.id, stored.ToString());
  if (stored.ok() && failed) LogFailure(parts_.logs, *failed, why);
  parts_.jobs.TellEnded();  // it may have failed
  done_ = true;
  on_end_();
}

Result<std::vector<WaitingJob>> JobsToLookFor(SqlTransaction& transaction, int64_t limit) {
  MR_ASSIGN_OR_RETURN(
      const auto rows,
      transaction.Query("SELECT id, connection_id FROM job WHERE status = 'pending' AND looked = 0 "
                        "AND config_type IN ('sync', 'refresh') ORDER BY id LIMIT :1",
                        {limit}));
  std::vector<WaitingJob> jobs;
  for (const SqlRow& row : rows) jobs.push_back({row.Integer(0), row.Text(1)});
  return jobs;
}

}  // namespace millrace
