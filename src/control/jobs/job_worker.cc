#include "control/jobs/job_worker.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/file_io.h"
#include "base/log.h"
#include "base/secrets.h"
#include "base/uuid.h"
#include "control/jobs/attempt_document.h"
#include "control/jobs/due_connections.h"
#include "control/jobs/shared_time.h"

namespace millrace {
namespace {

constexpr auto kLookEvery = std::chrono::seconds(1);
constexpr auto kLostEvery = std::chrono::seconds(5);
constexpr auto kStopPoll = std::chrono::milliseconds(50);

/// The worker's name, the same for the same data folder.
Result<std::string> NameOf(const std::filesystem::path& data_dir) {
  const auto path = data_dir / "worker.id";
  std::error_code code;
  if (std::filesystem::exists(path, code) && !code) return ReadFile(path);
  const std::string name = RandomUuid();
  MR_RETURN_IF_ERROR(WriteFileAtomically(path, name, 0600).WithContext("naming the worker"));
  return name;
}

/// The statistics that the attempt's document had.
std::map<StreamDescriptor, StreamReport> ReportsOf(const Json& document) {
  std::map<StreamDescriptor, StreamReport> reports;
  for (const Json& entry : document.value("streamStats", Json::array())) {
    StreamReport report;
    report.stream.name = entry.value("streamName", "");
    const std::string name_space = entry.value("streamNamespace", "");
    if (!name_space.empty()) report.stream.name_space = name_space;
    const Json stats = entry.value("stats", Json::object());
    report.records_read = stats.value("recordsEmitted", int64_t{0});
    report.bytes_read = stats.value("bytesEmitted", int64_t{0});
    report.records_committed = stats.value("recordsCommitted", int64_t{0});
    reports[report.stream] = report;
  }
  return reports;
}

}  // namespace

JobWorker::JobWorker(const Parts& parts, const Options& options, std::string name)
    : parts_(parts), options_(options), name_(std::move(name)) {}

Result<std::unique_ptr<JobWorker>> JobWorker::Start(const Parts& parts, const Options& options) {
  MR_ASSIGN_OR_RETURN(std::string name, NameOf(options.data_dir));
  Options complete = options;
  if (complete.attempts_max <= 0) {
    complete.attempts_max = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  }
  std::unique_ptr<JobWorker> worker(new JobWorker(parts, complete, std::move(name)));
  MR_RETURN_IF_ERROR(worker->FindLeft());
  worker->loop_ = std::jthread([w = worker.get()](const std::stop_token& stop) { w->Loop(stop); });
  return worker;
}

JobWorker::~JobWorker() { Stop(std::chrono::milliseconds(0)); }

void JobWorker::Wake() {
  std::lock_guard lock(mutex_);
  wake_ = true;
  woken_.notify_all();
}

void JobWorker::Stop(std::chrono::milliseconds limit) {
  if (!loop_.joinable()) return;
  loop_.request_stop();
  loop_.join();
  looks_.clear();  // their probes end at once: whoever has the probes was told to stop
  const SteadyTime until = parts_.clock.Now() + limit;
  for (;;) {
    Reap();
    for (AttemptRun& run : runs_) {
      if (!run.about_to_end()) run.Leave();
    }
    if (runs_.empty() || parts_.clock.Now() >= until) break;
    std::unique_lock lock(mutex_);
    woken_.wait_for(lock, kStopPoll, [] { return false; });
  }
  runs_.clear();
}

AttemptRunParts JobWorker::RunParts() {
  AttemptRunParts parts{parts_.database, parts_.box, parts_.clock, parts_.launcher, parts_.logs,
                        parts_.moved,    {}};
  parts.on_end = [this] {
    parts_.jobs.TellEnded();
    Wake();
  };
  parts.silence = options_.silence;
  parts.lease = options_.lease;
  parts.renew_every = std::max(std::chrono::seconds(1), options_.lease / 6);
  return parts;
}

Status JobWorker::FindLeft() {
  std::vector<Attempt> mine;
  MR_RETURN_IF_ERROR(parts_.database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(mine, RunningAttempts(transaction, name_));
    return Status::Ok();
  }));
  MR_ASSIGN_OR_RETURN(const std::vector<AttemptId> left, parts_.launcher.Left());
  for (const AttemptId& id : left) {
    MR_ASSIGN_OR_RETURN(auto handle, parts_.launcher.Find(id));
    const auto attempt = std::find_if(mine.begin(), mine.end(), [&](const Attempt& candidate) {
      return candidate.job_id == id.job && candidate.number == id.number;
    });
    if (attempt == mine.end()) {
      // Somebody gave it up meanwhile.
      handle->Kill();
      (void)handle->HowItEnded();
      continue;
    }
    AttemptRun::Target target;
    target.key = {id.job, id.number, attempt->fencing_token};
    target.streams = ReportsOf(*attempt->document);
    MR_RETURN_IF_ERROR(parts_.database.Read([&](SqlTransaction& transaction) -> Status {
      MR_ASSIGN_OR_RETURN(const auto job, FindJob(transaction, id.job));
      if (job) target.connection_id = job->connection_id;
      return Status::Ok();
    }));
    Log(LogLevel::kInfo, "attempt {} is found again", id.ToString());
    runs_.emplace_back(RunParts(), std::move(target), std::move(handle));
    mine.erase(attempt);
  }
  for (const Attempt& attempt : mine) {
    const Error error{FailureType::kTransientError,
                      "the attempt ended when its worker did; what it had saved is kept",
                      {},
                      {}};
    MR_RETURN_IF_ERROR(EndLostAttempt(parts_.database, parts_.clock, attempt, error).status());
  }
  return Status::Ok();
}

void JobWorker::Loop(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    LookAround();
    std::unique_lock lock(mutex_);
    woken_.wait_for(lock, stop, kLookEvery, [this] { return wake_; });
    wake_ = false;
  }
}

void JobWorker::LookAround() {
  Reap();
  const Status due = MakeDueJobs(parts_.database, parts_.jobs, Now());
  if (!due.ok() && !said_trouble_) Log(LogLevel::kError, "schedules: {}", due.ToString());
  said_trouble_ = !due.ok();
  if (!runs_.empty()) CancelAsked();
  EndLost();
  if (parts_.schemas != nullptr) LookAtSources();
  ClaimDue();
}

void JobWorker::LookAtSources() {
  looks_.remove_if([](const SourceLook& look) { return look.done(); });
  const auto places = static_cast<size_t>(options_.attempts_max);
  if (looks_.size() >= places) return;
  std::vector<WaitingJob> waiting;
  const Status read = parts_.database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(waiting,
                        JobsToLookFor(transaction, static_cast<int64_t>(places + looks_.size())));
    return Status::Ok();
  });
  if (!read.ok()) return;
  for (const WaitingJob& job : waiting) {
    if (looks_.size() >= places) return;
    const bool under_way = std::any_of(
        looks_.begin(), looks_.end(), [&](const SourceLook& look) { return look.job() == job.id; });
    if (under_way) continue;
    looks_.emplace_back(
        SourceLook::Parts{parts_.database, parts_.clock, parts_.jobs, *parts_.schemas, parts_.logs},
        job, [this] { Wake(); });
  }
}

void JobWorker::Reap() {
  runs_.remove_if([](const AttemptRun& run) { return run.done(); });
}

bool JobWorker::Runs(const AttemptId& id) const {
  return std::any_of(runs_.begin(), runs_.end(), [&](const AttemptRun& run) {
    return run.key().job == id.job && run.key().number == id.number;
  });
}

void JobWorker::CancelAsked() {
  std::vector<int64_t> jobs;
  const Status read = parts_.database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(jobs, JobsToCancel(transaction, name_));
    return Status::Ok();
  });
  if (!read.ok()) return;
  for (AttemptRun& run : runs_) {
    if (std::find(jobs.begin(), jobs.end(), run.key().job) != jobs.end()) run.Cancel();
  }
}

void JobWorker::EndLost() {
  if (parts_.clock.Now() < next_lost_) return;
  next_lost_ = parts_.clock.Now() + kLostEvery;
  std::vector<Attempt> lost;
  const Status read = parts_.database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(const int64_t now, SharedNow(parts_.database, transaction, parts_.clock));
    MR_ASSIGN_OR_RETURN(lost, LostAttempts(transaction, now));
    return Status::Ok();
  });
  if (!read.ok()) return;
  for (const Attempt& attempt : lost) {
    // One of ours renews its lease itself, as soon as the database lets it.
    if (Runs({attempt.job_id, attempt.number})) continue;
    const Error error{FailureType::kTransientError,
                      "the attempt's worker has not been heard of for a minute",
                      attempt.worker,
                      {}};
    const auto ended = EndLostAttempt(parts_.database, parts_.clock, attempt, error);
    if (!ended.ok()) Log(LogLevel::kError, "giving up an attempt: {}", ended.status().ToString());
  }
  if (!lost.empty()) parts_.jobs.TellEnded();
}

void JobWorker::ClaimDue() {
  const ClaimRules rules{
      name_, std::chrono::duration_cast<std::chrono::microseconds>(options_.lease).count(),
      options_.per_source_max, parts_.schemas != nullptr};
  while (static_cast<int>(runs_.size()) < options_.attempts_max) {
    std::optional<AttemptClaim> claim;
    const Status claimed = parts_.database.Write([&](SqlTransaction& transaction) -> Status {
      MR_ASSIGN_OR_RETURN(const int64_t now, SharedNow(parts_.database, transaction, parts_.clock));
      MR_ASSIGN_OR_RETURN(claim, ClaimAttempt(transaction, parts_.database.engine(), rules, now));
      return Status::Ok();
    });
    if (!claimed.ok()) {
      Log(LogLevel::kError, "taking on a job: {}", claimed.ToString());
      return;
    }
    if (!claim) return;
    Begin(*std::move(claim));
  }
}

void JobWorker::Begin(AttemptClaim claim) {
  const Secrets::Scope secrets;  // of this attempt's ends
  const AttemptId id{claim.job.id, claim.attempt.number};
  if (!claim.problem.ok()) return EndAtOnce(claim, claim.problem);
  // Earlier attempts did it all, though the last one didn't live to say so.
  if (claim.catalog.streams.empty()) return EndAtOnce(claim, Status::Ok());
  FailureOrigin failed = FailureOrigin::kUnknown;
  auto start = StartOfAttempt(claim, parts_.box, parts_.database, parts_.definitions,
                              options_.resources, &failed);
  if (!start.ok()) return EndAtOnce(claim, start.status(), failed);
  const ResourceLimits limits = start->document.limits;
  auto handle = parts_.launcher.Start(id, std::move(start->document));
  if (!handle.ok()) return EndAtOnce(claim, handle.status());
  AttemptRun::Target target;
  target.key = {id.job, id.number, claim.attempt.fencing_token};
  target.connection_id = claim.connection.id;
  target.secrets = std::move(start->secrets);
  target.warnings = std::move(claim.warnings);
  target.limits = limits;
  for (const ConfiguredStream& stream : claim.catalog.streams) {
    target.streams[stream.descriptor()].stream = stream.descriptor();
  }
  AttemptRunParts parts = RunParts();
  if (start->source_silence) parts.silence.source = *start->source_silence;
  runs_.emplace_back(parts, std::move(target), *std::move(handle));
}

void JobWorker::EndAtOnce(const AttemptClaim& claim, const Status& why, FailureOrigin origin) {
  const AttemptId id{claim.job.id, claim.attempt.number};
  AttemptEnd end{why.ok(), {}};
  if (!why.ok()) {
    const Error error =
        why.failed() ? why.error() : Error{FailureType::kTransientError, why.ToString(), {}, {}};
    end.failures = {FailureJson(error, origin, Now())};
    parts_.logs.Begin(id, {});
    LogEvent event;
    event.level = "ERROR";
    event.message = error.message;
    parts_.logs.Append(id, event);
    parts_.logs.End(id);
  }
  const Status ended = parts_.database.Write([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(const int64_t now, SharedNow(parts_.database, transaction, parts_.clock));
    return EndAttempt(transaction, {id.job, id.number, claim.attempt.fencing_token}, end, now)
        .status();
  });
  if (!ended.ok()) Log(LogLevel::kError, "ending attempt {}: {}", id.ToString(), ended.ToString());
  parts_.jobs.TellEnded();
}

}  // namespace millrace
