#include "control/jobs/attempt_run.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "attempt/error_json.h"
#include "base/log.h"
#include "base/secret_forms.h"
#include "base/secrets.h"
#include "control/jobs/attempt_document.h"
#include "control/jobs/shared_time.h"

namespace millrace {
namespace {

constexpr auto kTick = std::chrono::milliseconds(250);
constexpr auto kFlushEvery = std::chrono::seconds(1);
constexpr auto kStoreAgainAfter = std::chrono::milliseconds(500);
/// How long an attempt may take to end after it was asked to; cancelling takes 3 s at most.
constexpr auto kEndPatience = std::chrono::seconds(15);
constexpr auto kCancelPatience = std::chrono::milliseconds(1500);
/// Between the end of what the attempt may begin and the end of the stored lease.
constexpr auto kLeaseMargin = std::chrono::seconds(2);

bool IsTransient(const Status& status) {
  return status.failed() && status.error().type == FailureType::kTransientError;
}

bool SameError(const Error& a, const Error& b) {
  return a.message == b.message && a.stream == b.stream;
}

bool SameNumbers(const StreamReport& a, const StreamReport& b) {
  return a.status == b.status && a.records_read == b.records_read && a.bytes_read == b.bytes_read &&
         a.records_committed == b.records_committed;
}

void CountMoved(const Json& stats, bool succeeded, MovedTotals* moved) {
  const Json total = stats.value("totalStats", Json::object());
  moved->records_committed += total.value("recordsCommitted", int64_t{0});
  moved->bytes_committed += total.value("bytesCommitted", int64_t{0});
  ++(succeeded ? moved->attempts_succeeded : moved->attempts_failed);
}

}  // namespace

AttemptRun::AttemptRun(const AttemptRunParts& parts, Target target,
                       std::unique_ptr<AttemptHandle> handle)
    : parts_(parts),
      target_(std::move(target)),
      secret_forms_(SecretFormsOf(target_.secrets)),
      handle_(std::move(handle)),
      wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      silence_(parts.silence, parts.clock.Now()),
      killed_after_(SteadyTime::max()),
      thread_([this] { Run(); }) {}

AttemptRun::~AttemptRun() {
  Leave();
  thread_.join();
  ::close(wake_fd_);
}

void AttemptRun::Cancel() {
  cancel_asked_ = true;
  ::eventfd_write(wake_fd_, 1);
}

void AttemptRun::Leave() {
  leave_asked_ = true;
  ::eventfd_write(wake_fd_, 1);
}

void AttemptRun::Run() {
  const Secrets::Scope secrets(target_.secrets);
  parts_.logs.Begin(target_.id(), target_.secrets);
  LogLine("INFO",
          fmt::format("job {}, attempt {}: {} {}", target_.key.job, target_.key.number,
                      target_.streams.size(), target_.streams.size() == 1 ? "stream" : "streams"));
  if (const std::string may_use = LimitsInWords(target_.limits); !may_use.empty()) {
    LogLine("INFO", may_use);
  }
  for (const std::string& warning : target_.warnings) LogLine("WARN", warning);
  RenewLease();
  while (KeepGoing()) {
  }
  parts_.logs.End(target_.id());
  done_ = true;
  parts_.on_end();
}

bool AttemptRun::KeepGoing() {
  const auto event = handle_->Wait(wake_fd_, kTick);
  if (!event.ok()) {
    handle_->Kill();
    Fail(event.status().error(), FailureOrigin::kPlatform);
    process_gone_ = true;
  } else if (event->kind == AttemptHandle::EventKind::kMessage) {
    Take(*event->message);
  } else if (event->kind == AttemptHandle::EventKind::kWake) {
    eventfd_t ignored = 0;
    ::eventfd_read(wake_fd_, &ignored);
  } else if (event->kind == AttemptHandle::EventKind::kEnded) {
    process_gone_ = true;
  }
  AnswerWaiting();
  if (process_gone_ || lost_) {
    SettleEnding();
    return false;
  }
  if (leave_asked_) return false;
  const SteadyTime now = parts_.clock.Now();
  if (now >= next_flush_) FlushProgress();
  if (now >= next_renewal_) RenewLease();
  WatchLimits();
  return true;
}

void AttemptRun::Take(const Json& message) {
  const std::string type = message.value("type", "");
  if (type == "LOG") return TakeLog(message);
  if (type == "PROGRESS") return TakeProgress(message);
  if (type == "WAITING") {
    const std::chrono::milliseconds span(message.value("destination_ms", int64_t{0}));
    silence_.DestinationWaits(span, parts_.clock.Now());
  } else if (type == "STATE" || type == "CATALOG" || type == "CONTROL") {
    silence_.Moved(parts_.clock.Now());
    waiting_.emplace_back(message);
  } else if (type == "RESULT" || type == "FAILURE") {
    if (!has_result_) TakeReport(message);
    waiting_.emplace_back(message);
  }
}

void AttemptRun::TakeLog(const Json& message) {
  const Json log = message.value("log", Json::object());
  const Json text = log.value("message", Json(""));
  const Json level = log.value("level", Json("INFO"));
  if (text.is_string() && level.is_string()) LogLine(level, text);
}

void AttemptRun::TakeProgress(const Json& message) {
  auto report = StreamReportFromJson(message.value("progress", Json::object()));
  if (!report.ok()) return;
  if (report->status == "COMPLETE") report->records_committed = report->records_read;
  StreamReport& known = target_.streams[report->stream];
  if (SameNumbers(known, *report)) return;
  silence_.Moved(parts_.clock.Now());
  stats_changed_ = true;
  if (known.status != report->status) {
    changed_.insert(report->stream);
    if (report->status == "COMPLETE") next_flush_ = SteadyTime();
  }
  known = *std::move(report);
  about_to_end_ =
      std::all_of(target_.streams.begin(), target_.streams.end(), [](const auto& entry) {
        return entry.second.status == "COMPLETE" || entry.second.status == "INCOMPLETE";
      });
}

void AttemptRun::TakeReport(const Json& message) {
  if (message["type"] == Json("FAILURE")) {
    return Fail(ErrorFromJson(message.value("error", Json())),
                FailureOriginOf(message.value("error_origin", "")));
  }
  const auto report = SyncReportFromJson(message.value("result", Json::object()));
  if (!report.ok()) return Fail(report.status().error(), FailureOrigin::kPlatform);
  bool told = false;
  for (const StreamReport& stream : report->streams) {
    TakeProgress({{"progress", ToJson(stream)}});
    if (!stream.error) continue;
    Fail(*stream.error, stream.error_origin);
    told = told || (report->error && SameError(*stream.error, *report->error));
  }
  if (report->error && !told) Fail(*report->error, report->error_origin);
  has_result_ = about_to_end_ = true;
  end_.succeeded = report->outcome == "succeeded";
  if (end_.succeeded || !end_.failures.empty()) return;
  Fail({FailureType::kTransientError,
        report->outcome == "partial" ? "some streams did not end" : "the attempt was interrupted",
        report->outcome,
        {}},
       FailureOrigin::kPlatform);
}

void AttemptRun::Fail(const Error& error, FailureOrigin origin, const std::string& failure_type) {
  has_result_ = true;
  if (cancel_asked_ || stored_end_) return;
  Error clean = error;
  clean.message = Clean(error.message);
  clean.internal = Clean(error.internal);
  end_.failures.push_back(FailureJson(clean, origin, Now(), failure_type));
  LogLine("ERROR", clean.message);
}

void AttemptRun::AnswerWaiting() {
  if (parts_.clock.Now() < next_store_) return;
  while (!waiting_.empty() && !lost_) {
    const JsonValue message = waiting_.front();
    const auto stored = Store(*message);
    if (!stored.ok() && IsTransient(stored.status())) {
      next_store_ = parts_.clock.Now() + kStoreAgainAfter;
      return;
    }
    waiting_.pop_front();
    if (!stored.ok()) {
      handle_->Answer(*message, stored.status());
    } else if (*stored) {
      handle_->Answer(*message, Json());
    } else {
      Lose("it is not this worker's any more");
    }
  }
}

Result<bool> AttemptRun::Store(const Json& message) {
  const std::string type = message.value("type", "");
  if (type == "STATE") return StoreState(message);
  if (type == "CONTROL") return StoreConfiguration(message);
  if (type == "CATALOG") return SystemError("the attempt has its catalog already");
  return StoreEnding();
}

Result<bool> AttemptRun::StoreState(const Json& message) {
  const Json json = message.value("state", Json());
  MR_ASSIGN_OR_RETURN(const StateMessage state, StateMessageFromJson(json));
  const auto checkpoint = message.value("checkpoint", CheckpointId{0});
  bool stored = false;
  MR_RETURN_IF_ERROR(parts_.database.Write([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(stored, StoreAttemptState(transaction, target_.key, target_.connection_id,
                                                  state, checkpoint, Now()));
    return Status::Ok();
  }));
  if (!stored) return false;
  ++states_;
  stats_changed_ = true;
  parts_.logs.KeepState(target_.id(), static_cast<int64_t>(checkpoint),
                        {{"state", Json::array({json})}});
  return true;
}

Result<bool> AttemptRun::StoreConfiguration(const Json& message) {
  MR_ASSIGN_OR_RETURN(const ConfigChange change, ConfigChangeFromJson(message));
  bool stored = false;
  MR_RETURN_IF_ERROR(parts_.database.Write([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(stored,
                        StoreAttemptConfiguration(transaction, target_.key, target_.connection_id,
                                                  parts_.box, change, Now()));
    return Status::Ok();
  }));
  if (stored) LogLine("INFO", "the configuration that the " + change.end + " changed is kept");
  return stored;
}

Result<bool> AttemptRun::StoreEnding() {
  if (stored_end_) return true;
  if (cancel_asked_ && !end_.succeeded) {
    end_.failures = {FailureJson({FailureType::kTransientError, "the job was cancelled", {}, {}},
                                 FailureOrigin::kPlatform, Now(), "manual_cancellation")};
  }
  std::vector<StreamReport> reports;
  for (const auto& [stream, report] : target_.streams) reports.push_back(report);
  const JsonValue stats(AttemptStats(target_.streams, states_));
  bool stored = false;
  MR_RETURN_IF_ERROR(parts_.database.Write([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(stored, StoreAttemptProgress(transaction, target_.key,
                                                     target_.connection_id, stats, reports, Now()));
    if (!stored) return Status::Ok();
    MR_ASSIGN_OR_RETURN(const int64_t now, SharedNow(parts_.database, transaction, parts_.clock));
    MR_ASSIGN_OR_RETURN(stored, EndAttempt(transaction, target_.key, end_, now));
    return Status::Ok();
  }));
  stored_end_ = stored;
  LogLine("INFO", fmt::format("the attempt {}; {} rows committed",
                              end_.succeeded ? "succeeded" : "failed", RecordsCommitted(*stats)));
  if (stored && parts_.moved != nullptr) CountMoved(*stats, end_.succeeded, parts_.moved);
  // With the answer it ends by itself.
  killed_after_ = parts_.clock.Now() + kEndPatience;
  return stored;
}

void AttemptRun::FlushProgress() {
  next_flush_ = parts_.clock.Now() + kFlushEvery;
  if (!stats_changed_ || stored_end_) return;
  std::vector<StreamReport> reports;
  for (const StreamDescriptor& stream : changed_) reports.push_back(target_.streams.at(stream));
  const JsonValue stats(AttemptStats(target_.streams, states_));
  bool stored = false;
  const Status written = parts_.database.Write([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(stored, StoreAttemptProgress(transaction, target_.key,
                                                     target_.connection_id, stats, reports, Now()));
    return Status::Ok();
  });
  if (!written.ok()) return;  // the next second brings another chance
  if (!stored) return Lose("it is not this worker's any more");
  stats_changed_ = false;
  changed_.clear();
}

void AttemptRun::RenewLease() {
  next_renewal_ = parts_.clock.Now() + parts_.renew_every;
  if (stored_end_) return;
  const SteadyTime asked_at = parts_.clock.Now();
  const auto span = std::chrono::duration_cast<std::chrono::microseconds>(parts_.lease).count();
  bool renewed = false;
  const Status written = parts_.database.Write([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(const int64_t now, SharedNow(parts_.database, transaction, parts_.clock));
    MR_ASSIGN_OR_RETURN(renewed, RenewAttemptLease(transaction, target_.key, now + span));
    return Status::Ok();
  });
  if (!written.ok()) {
    // Without the database the attempt commits nothing once its lease has run out.
    next_renewal_ = parts_.clock.Now() + kFlushEvery;
    return;
  }
  if (!renewed) return Lose("its lease was lost");
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      parts_.lease - kLeaseMargin - (parts_.clock.Now() - asked_at));
  if (left.count() > 0) handle_->GrantLease(left);
}

void AttemptRun::WatchLimits() {
  const SteadyTime now = parts_.clock.Now();
  if (cancel_asked_ && !has_result_) {
    has_result_ = true;
    handle_->Command("cancel");
    killed_after_ = now + kCancelPatience;
  }
  const auto silent = has_result_ ? SilenceWatch::Verdict::kNone : silence_.Look(now);
  if (silent != SilenceWatch::Verdict::kNone) {
    FailSilent(silent);
    killed_after_ = now;
  }
  if (now >= killed_after_) {
    killed_after_ = SteadyTime::max();
    handle_->Kill();
  }
}

void AttemptRun::FailSilent(SilenceWatch::Verdict whose) {
  Error error{FailureType::kTransientError, {}, {}, {}};
  if (whose == SilenceWatch::Verdict::kDestination) {
    error.message = fmt::format(
        "the destination has been at one write or commit for more than {} seconds; "
        "MILLRACE_DESTINATION_TIMEOUT_SECONDS sets how long it may",
        parts_.silence.destination.count());
    return Fail(error, FailureOrigin::kDestination, "destination_timeout");
  }
  error.message =
      fmt::format("nothing was read or written for {} seconds", parts_.silence.source.count());
  Fail(error, FailureOrigin::kSource, "heartbeat_timeout");
}

void AttemptRun::Lose(std::string_view why) {
  if (lost_) return;
  lost_ = true;
  LogLine("ERROR", fmt::format("the attempt is given up: {}", why));
  handle_->Kill();
}

void AttemptRun::SettleEnding() {
  const AttemptEnding ending = handle_->HowItEnded();
  if (lost_ || stored_end_) return;
  if (!has_result_) {
    Fail(ending.status.failed()
             ? ending.status.error()
             : Error{FailureType::kTransientError, "the attempt ended without a result", {}, {}},
         FailureOrigin::kPlatform);
  }
  // The database may be away: until it is back, nobody else can end the attempt either.
  while (!leave_asked_) {
    const auto stored = StoreEnding();
    if (stored.ok() || !IsTransient(stored.status())) {
      if (!stored.ok())
        Log(LogLevel::kError, "attempt {}: {}", target_.id().ToString(),
            stored.status().ToString());
      return;
    }
    pollfd wake{wake_fd_, POLLIN, 0};
    ::poll(&wake, 1, static_cast<int>(kStoreAgainAfter.count()));
  }
}

std::string AttemptRun::Clean(const std::string& text) const {
  return Secrets::Strike(text, secret_forms_);
}

void AttemptRun::LogLine(std::string level, std::string message) {
  std::transform(level.begin(), level.end(), level.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  LogEvent event;
  event.level = std::move(level);
  event.message = std::move(message);
  parts_.logs.Append(target_.id(), std::move(event));
}

}  // namespace millrace
