#include "control/jobs/attempt_ledger.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/connections/changed_configuration.h"
#include "control/jobs/attempt_document.h"
#include "control/jobs/generation_table.h"
#include "control/jobs/job_transition.h"
#include "control/jobs/lease_span.h"
#include "control/jobs/retry_ladder.h"
#include "control/jobs/shared_time.h"
#include "control/store/connection_states.h"
#include "control/store/connections.h"
#include "control/store/stream_statuses.h"

namespace millrace {
namespace {

constexpr int64_t kLostMax = 100;

/// STARTED, RUNNING …: the protocol's words for what the API calls a run state.
std::string RunStateOf(const StreamReport& report) {
  if (report.status == "COMPLETE") return "complete";
  return report.status == "INCOMPLETE" ? "incomplete" : "running";
}

Result<std::vector<Attempt>> AttemptsWhere(SqlTransaction& transaction, std::string_view condition,
                                           std::vector<SqlValue> parameters) {
  MR_ASSIGN_OR_RETURN(
      const auto rows,
      transaction.Query(fmt::format("SELECT job_id, number FROM attempt WHERE status = 'running' "
                                    "AND {} ORDER BY lease_until LIMIT {}",
                                    condition, kLostMax),
                        parameters));
  std::vector<Attempt> found;
  for (const SqlRow& row : rows) {
    MR_ASSIGN_OR_RETURN(auto attempts, AttemptsOf(transaction, row.Integer(0)));
    for (Attempt& attempt : attempts) {
      if (attempt.number == row.Integer(1)) found.push_back(std::move(attempt));
    }
  }
  return found;
}

/// Streams that were still under way when their attempt ended.
Status EndStreams(SqlTransaction& transaction, const AttemptKey& key, std::string_view cause,
                  int64_t now) {
  return transaction
      .Execute(
          "UPDATE stream_status SET run_state = 'incomplete', incomplete_cause = :1, "
          "transitioned_at = :2 WHERE job_id = :3 AND attempt_number = :4 AND "
          "(run_state IN ('pending', 'running') OR "
          "(run_state = 'incomplete' AND incomplete_cause IS NULL))",
          {std::string(cause), now, key.job, key.number})
      .status();
}

FailedAttempt HowItFailed(const Attempt& attempt) {
  if (HasConfigError(*attempt.document)) return FailedAttempt::kConfig;
  return RecordsCommitted(*attempt.document) > 0 ? FailedAttempt::kSome : FailedAttempt::kNothing;
}

JobEvent EventAfter(const std::vector<Attempt>& attempts, bool succeeded, int64_t now, Job* job) {
  constexpr int64_t kMicrosPerSecond = 1'000'000;
  if (succeeded) return JobEvent::kAttemptSucceeded;
  if (job->cancel_asked) return JobEvent::kCanceled;
  std::vector<FailedAttempt> failed;
  for (const Attempt& attempt : attempts) failed.push_back(HowItFailed(attempt));
  const RetryDecision decision = DecideRetry(failed);
  if (!decision.retry) return JobEvent::kGivenUp;
  job->next_attempt_at = now + decision.wait.count() * kMicrosPerSecond;
  return JobEvent::kAttemptFailed;
}

}  // namespace

Result<bool> RenewAttemptLease(SqlTransaction& transaction, const AttemptKey& key,
                               int64_t lease_until) {
  MR_ASSIGN_OR_RETURN(
      const int64_t touched,
      transaction.Execute("UPDATE attempt SET lease_until = :1 WHERE job_id = :2 AND number = :3 "
                          "AND fencing_token = :4 AND status = 'running'",
                          {lease_until, key.job, key.number, key.fencing_token}));
  return touched == 1;
}

Result<bool> StoreAttemptState(SqlTransaction& transaction, const AttemptKey& key,
                               const std::string& connection_id, const StateMessage& state,
                               CheckpointId checkpoint, int64_t now) {
  MR_ASSIGN_OR_RETURN(auto stored, FindConnectionState(transaction, connection_id));
  if (!stored || stored->fencing_token != key.fencing_token) return false;
  if (checkpoint <= stored->saved.checkpoint) return true;
  stored->saved.state.Merge(state);
  stored->saved.checkpoint = checkpoint;
  stored->updated_at = now;
  return UpdateConnectionState(transaction, connection_id, *stored);
}

Result<bool> StoreAttemptConfiguration(SqlTransaction& transaction, const AttemptKey& key,
                                       const std::string& connection_id, const SecretBox& box,
                                       const ConfigChange& change, int64_t now) {
  MR_ASSIGN_OR_RETURN(
      const int64_t touched,
      transaction.Execute("UPDATE attempt SET updated_at = :1 WHERE job_id = :2 AND number = :3 "
                          "AND fencing_token = :4 AND status = 'running'",
                          {now, key.job, key.number, key.fencing_token}));
  if (touched != 1) return false;
  MR_ASSIGN_OR_RETURN(const auto connection, FindConnection(transaction, connection_id));
  if (!connection) return false;
  const auto& actor_id =
      change.end == "source" ? connection->source_id : connection->destination_id;
  return StoreChangedConfiguration(transaction, box, actor_id, change, now);
}

Result<bool> StoreAttemptProgress(SqlTransaction& transaction, const AttemptKey& key,
                                  const std::string& connection_id, const JsonValue& stats,
                                  const std::vector<StreamReport>& streams, int64_t now) {
  MR_ASSIGN_OR_RETURN(
      const int64_t touched,
      transaction.Execute("UPDATE attempt SET document = :1, updated_at = :2 WHERE job_id = :3 AND "
                          "number = :4 AND fencing_token = :5 AND status = 'running'",
                          {stats->dump(-1, ' ', false, Json::error_handler_t::replace), now,
                           key.job, key.number, key.fencing_token}));
  if (touched != 1) return false;
  for (const StreamReport& report : streams) {
    if (report.status.empty()) continue;  // nothing was heard of it: what is stored stands
    const std::string run_state = RunStateOf(report);
    MR_RETURN_IF_ERROR(
        PutStreamStatus(transaction, {key.job, key.number, report.stream, connection_id, run_state,
                                      run_state == "incomplete" ? "failed" : "", now}));
    if (run_state != "complete") continue;
    MR_RETURN_IF_ERROR(CompleteGeneration(transaction, connection_id, report.stream));
  }
  return true;
}

Result<bool> EndAttempt(SqlTransaction& transaction, const AttemptKey& key, const AttemptEnd& end,
                        int64_t now) {
  MR_ASSIGN_OR_RETURN(auto job, LockJob(transaction, key.job));
  if (!job) return SystemError("job {} is gone", key.job);
  MR_ASSIGN_OR_RETURN(auto attempts, AttemptsOf(transaction, key.job));
  const auto found = std::find_if(attempts.begin(), attempts.end(), [&](const Attempt& attempt) {
    return attempt.number == key.number;
  });
  if (found == attempts.end() || found->status != "running" ||
      found->fencing_token != key.fencing_token) {
    return false;
  }
  found->status = end.succeeded ? "succeeded" : "failed";
  found->updated_at = now;
  found->ended_at = now;
  if (!end.succeeded) found->document = WithFailures(*found->document, end.failures);
  MR_RETURN_IF_ERROR(UpdateAttempt(transaction, *found).status());
  const JobEvent event = EventAfter(attempts, end.succeeded, now, &*job);
  const bool canceled = event == JobEvent::kCanceled;
  MR_RETURN_IF_ERROR(EndStreams(transaction, key, canceled ? "canceled" : "failed", now));
  MR_ASSIGN_OR_RETURN(const bool moved, MoveJob(transaction, &*job, event, now));
  if (!moved) return SystemError("job {} is {} and can't end an attempt", key.job, job->status);
  return true;
}

Result<bool> EndLostAttempt(SqlDatabase& database, const Clock& clock, const Attempt& attempt,
                            const Error& error) {
  bool ended = false;
  MR_RETURN_IF_ERROR(database.Write([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(const int64_t now, SharedNow(database, transaction, clock));
    MR_ASSIGN_OR_RETURN(
        ended, EndAttempt(transaction, {attempt.job_id, attempt.number, attempt.fencing_token},
                          {false, {FailureJson(error, FailureOrigin::kPlatform, now)}}, now));
    return Status::Ok();
  }));
  return ended;
}

Result<std::vector<Attempt>> RunningAttempts(SqlTransaction& transaction,
                                             const std::string& worker) {
  return AttemptsWhere(transaction, "worker = :1", {worker});
}

Result<std::vector<Attempt>> LostAttempts(SqlTransaction& transaction, int64_t now) {
  return AttemptsWhere(transaction, "(lease_until < :1 OR lease_until > :2)",
                       {now, now + kLeaseNonsense.count()});
}

Result<std::vector<int64_t>> JobsToCancel(SqlTransaction& transaction, const std::string& worker) {
  MR_ASSIGN_OR_RETURN(
      const auto rows,
      transaction.Query("SELECT job.id FROM attempt JOIN job ON job.id = attempt.job_id "
                        "WHERE attempt.status = 'running' AND attempt.worker = :1 AND "
                        "job.cancel_asked = 1",
                        {worker}));
  std::vector<int64_t> jobs;
  for (const SqlRow& row : rows) jobs.push_back(row.Integer(0));
  return jobs;
}

}  // namespace millrace
