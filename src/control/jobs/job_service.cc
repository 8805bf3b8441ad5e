#include "control/jobs/job_service.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/jobs/due_connections.h"
#include "control/jobs/job_timeline.h"
#include "control/jobs/job_transition.h"
#include "control/schema/pause_words.h"
#include "control/store/connections.h"
#include "protocol/catalog.h"

namespace millrace {
namespace {

/// How often the end of a job that another process runs is looked for.
constexpr auto kEndPoll = std::chrono::milliseconds(100);
/// A sync asked for by hand within this time after the connection was made means the one that its
/// schedule set off at once.
constexpr int64_t kFirstRunMicros = 60'000'000;

/// The streams that a connection syncs.
Result<std::vector<StreamDescriptor>> SelectedStreams(const Connection& connection) {
  std::vector<StreamDescriptor> streams;
  const Json catalog = connection.document->value("syncCatalog", Json::object());
  for (const Json& entry : catalog.value("streams", Json::array())) {
    if (!entry.value("config", Json::object()).value("selected", true)) continue;
    MR_ASSIGN_OR_RETURN(auto stream,
                        StreamDescriptorFromJson(entry.value("stream", Json::object())));
    streams.push_back(std::move(stream));
  }
  return streams;
}

JobCreation Refusal(JobCreation::Outcome outcome, std::string message) {
  JobCreation creation;
  creation.outcome = outcome;
  creation.message = std::move(message);
  return creation;
}

/// True when a person who asks for a sync now gets the one that is under way, and nobody else has
/// got it yet.
bool IsFirstScheduledRun(const Connection& connection, const Job& active) {
  return active.config_type == "sync" && active.document->value("scheduled", false) &&
         !active.document->value("adopted", false) &&
         active.created_at - connection.created_at < kFirstRunMicros;
}

}  // namespace

Result<std::optional<JobWithAttempts>> FindJobWithAttempts(SqlTransaction& transaction,
                                                           int64_t id) {
  MR_ASSIGN_OR_RETURN(auto job, FindJob(transaction, id));
  if (!job) return std::optional<JobWithAttempts>();
  JobWithAttempts found{*std::move(job), {}};
  MR_ASSIGN_OR_RETURN(found.attempts, AttemptsOf(transaction, id));
  return std::optional(std::move(found));
}

Result<std::optional<JobWithAttempts>> JobService::Find(int64_t id) const {
  std::optional<JobWithAttempts> found;
  MR_RETURN_IF_ERROR(database_.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(found, FindJobWithAttempts(transaction, id));
    return Status::Ok();
  }));
  return found;
}

Result<JobCreation> JobService::Create(const JobRequest& request) const {
  JobCreation creation;
  const auto work = [&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(creation, CreateIn(transaction, request));
    return Status::Ok();
  };
  Status status = database_.Write(work);
  // Somebody made one at the same time: it is found now.
  if (IsDuplicateKey(status)) status = database_.Write(work);
  MR_RETURN_IF_ERROR(status);
  if (creation.outcome == JobCreation::Outcome::kCreated) Wake();
  return creation;
}

Result<JobCreation> JobService::CreateIn(SqlTransaction& transaction,
                                         const JobRequest& request) const {
  using Outcome = JobCreation::Outcome;
  MR_ASSIGN_OR_RETURN(const auto connection, FindConnection(transaction, request.connection_id));
  if (!connection) {
    return Refusal(Outcome::kNoConnection,
                   fmt::format("there is no connection {}", request.connection_id));
  }
  // Another server was faster.
  const bool due = connection->next_run_at && *connection->next_run_at <= Now();
  if (request.scheduled && connection->next_run_at && !due) {
    return Refusal(Outcome::kBusy, "the connection is not due any more");
  }
  if (connection->status != "active") {
    const std::string why = connection->document->value(kPausedBecause, "");
    if (!why.empty()) return Refusal(Outcome::kInactive, why);
    return Refusal(Outcome::kInactive,
                   fmt::format("the connection is {}: enable it first", connection->status));
  }
  MR_ASSIGN_OR_RETURN(auto active, ActiveJob(transaction, connection->id));
  if (active) {
    MR_ASSIGN_OR_RETURN(active, LockJob(transaction, active->id));
  }
  if (active && !IsFinalJobState(active->status)) {
    JobCreation creation;
    const bool adopts = request.config_type == "sync" && !request.scheduled &&
                        IsFirstScheduledRun(*connection, *active);
    if (adopts) {
      Json document = *active->document;
      document["adopted"] = true;
      active->document = std::move(document);
      MR_ASSIGN_OR_RETURN(const bool updated, UpdateJob(transaction, *active, active->status));
      if (!updated) return TransientError("the connection's job has just ended: try again");
    } else {
      creation = Refusal(Outcome::kBusy,
                         fmt::format("job {} of this connection is under way: wait for its end, or "
                                     "cancel it",
                                     active->id));
    }
    MR_ASSIGN_OR_RETURN(creation.job.attempts, AttemptsOf(transaction, active->id));
    creation.job.job = *std::move(active);
    return creation;
  }

  MR_ASSIGN_OR_RETURN(const auto selected, SelectedStreams(*connection));
  for (const StreamDescriptor& stream : request.streams) {
    if (std::find(selected.begin(), selected.end(), stream) != selected.end()) continue;
    return Refusal(Outcome::kUnknownStream,
                   fmt::format("the connection doesn't sync a stream {}", stream.ToString()));
  }
  JobCreation creation;
  Job& job = creation.job.job;
  job.connection_id = connection->id;
  job.config_type = request.config_type;
  job.status = "pending";
  job.created_at = job.updated_at = Now();
  Json document{{"scheduled", request.scheduled}, {"streams", Json::array()}};
  for (const StreamDescriptor& stream : request.streams.empty() ? selected : request.streams) {
    document["streams"].push_back(ToJson(stream));
  }
  if (request.config_type == "refresh") document["refreshMode"] = request.refresh_mode;
  if (!request.user_id.empty()) document["userId"] = request.user_id;
  job.document = std::move(document);
  MR_RETURN_IF_ERROR(InsertJob(transaction, &job));
  MR_RETURN_IF_ERROR(SetNextRun(transaction, *connection, job.created_at, job.created_at));
  if (!request.scheduled) MR_RETURN_IF_ERROR(TellJobStarted(transaction, job));
  return creation;
}

Status JobService::CancelIn(SqlTransaction& transaction, Job job,
                            const std::string& user_id) const {
  if (job.cancel_asked || IsFinalJobState(job.status)) return Status::Ok();
  job.cancel_asked = true;
  Json document = *job.document;
  document["cancelledBy"] = user_id;
  job.document = std::move(document);
  job.updated_at = Now();
  if (job.status == "running") {
    // Its worker ends the attempt, and the job.
    return UpdateJob(transaction, job, job.status).status();
  }
  return MoveJob(transaction, &job, JobEvent::kCanceled, job.updated_at).status();
}

Status JobService::CancelActive(SqlTransaction& transaction, const std::string& connection_id,
                                const std::string& user_id) const {
  MR_ASSIGN_OR_RETURN(auto active, ActiveJob(transaction, connection_id));
  if (!active) return Status::Ok();
  MR_ASSIGN_OR_RETURN(active, LockJob(transaction, active->id));
  return active ? CancelIn(transaction, *std::move(active), user_id) : Status::Ok();
}

Status JobService::CancelActiveOf(SqlTransaction& transaction, const ConnectionFilter& filter,
                                  const std::string& user_id) const {
  MR_ASSIGN_OR_RETURN(const auto ids,
                      ListConnectionIds(transaction, filter, ConnectionOrder::kName, false));
  for (const std::string& id : ids) MR_RETURN_IF_ERROR(CancelActive(transaction, id, user_id));
  return Status::Ok();
}

Result<std::optional<JobWithAttempts>> JobService::Cancel(int64_t id, const std::string& user_id,
                                                          std::chrono::milliseconds limit) const {
  bool found = false;
  MR_RETURN_IF_ERROR(database_.Write([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(auto job, LockJob(transaction, id));
    found = job.has_value();
    return found ? CancelIn(transaction, *std::move(job), user_id) : Status::Ok();
  }));
  if (!found) return std::optional<JobWithAttempts>();
  Wake();
  const SteadyTime until = clock_.Now() + limit;
  for (;;) {
    MR_ASSIGN_OR_RETURN(auto job, Find(id));
    if (!job || IsFinalJobState(job->job.status) || clock_.Now() >= until) return job;
    std::unique_lock lock(mutex_);
    ended_.wait_for(lock, kEndPoll);
  }
}

}  // namespace millrace
