#include "cli/attempt_conversation.h"

#include <nlohmann/json.hpp>

#include "attempt/error_json.h"

namespace millrace {
namespace {

constexpr auto kFinishLimit = std::chrono::seconds(25);
constexpr auto kCancelLimit = std::chrono::seconds(10);

LogLevel LevelOf(const Json& text) {
  for (const LogLevel level : {LogLevel::kDebug, LogLevel::kWarn, LogLevel::kError}) {
    if (text == Json(ToString(level))) return level;
  }
  return LogLevel::kInfo;
}

}  // namespace

AttemptOutcome AttemptConversation::Run(const StartDocument& start) {
  AttemptOutcome outcome;
  const auto program = AttemptProgram();
  if (!program.ok()) {
    outcome.status = program.status();
    return outcome;
  }
  auto started = AttemptProcess::Start(*program, start);
  if (!started.ok()) {
    outcome.status = started.status();
    return outcome;
  }
  AttemptProcess& process = **started;
  for (bool ended = false; !ended;) {
    const auto event = process.Wait(signals_.fd(), display_.tick());
    if (!event.ok()) {
      outcome.status = event.status();
      return outcome;
    }
    switch (event->kind) {
      case AttemptProcess::EventKind::kMessage:
        ended = Take(process, *event->message, &outcome);
        break;
      case AttemptProcess::EventKind::kWake:
        while (signals_.Take()) Interrupt(process);
        break;
      case AttemptProcess::EventKind::kEnded:
        outcome.status = process.HowItEnded();
        ended = true;
        break;
      case AttemptProcess::EventKind::kTimeout:
        break;
    }
    if (std::chrono::steady_clock::now() > patience_ends_) Interrupt(process);
    display_.Tick();
  }
  // The process ends by itself now; its exit is waited for so that its lock is free.
  if (outcome.status.ok()) (void)process.HowItEnded().ok();
  outcome.interrupted = interrupts_ > 0;
  return outcome;
}

Result<Json> AttemptConversation::AnswerTo(const Json& message) const {
  const std::string type = message.value("type", "");
  if (type == "CONTROL" && keep_config_) {
    MR_ASSIGN_OR_RETURN(const ConfigChange change, ConfigChangeFromJson(message));
    MR_RETURN_IF_ERROR(keep_config_(change));
    return Json();
  }
  if (type != "CONTROL" && answerer_) return answerer_(message);
  return SystemError("nobody answers {}", type);
}

bool AttemptConversation::Take(AttemptProcess& process, const Json& message,
                               AttemptOutcome* outcome) {
  const std::string type = message.value("type", "");
  if (type == "LOG") {
    const Json log = message.value("log", Json::object());
    const Json text = log.value("message", Json(""));
    if (text.is_string()) {
      display_.Log(LevelOf(log.value("level", Json())), text.get_ref<const std::string&>());
    }
  } else if (type == "PROGRESS") {
    const auto report = StreamReportFromJson(message.value("progress", Json::object()));
    if (!report.ok()) return false;
    display_.Update(*report);
    if (on_progress_) on_progress_(*report);
  } else if (type == "STATE" || type == "CATALOG" || type == "CONTROL") {
    process.Answer(message, AnswerTo(message));
  } else if (type == "RESULT") {
    outcome->result = JsonValue(message.value("result", Json::object()));
    return true;
  } else if (type == "FAILURE") {
    outcome->status = Status::Failed(ErrorFromJson(message.value("error", Json())));
    const Json origin = message.value("error_origin", Json());
    if (origin.is_string()) outcome->origin = FailureOriginOf(origin.get<std::string>());
    outcome->before_contact = message.value("before_contact", Json(false)) == Json(true);
    return true;
  }
  return false;
}

void AttemptConversation::Interrupt(AttemptProcess& process) {
  const auto now = std::chrono::steady_clock::now();
  switch (++interrupts_) {
    case 1:
      display_.Log(LogLevel::kWarn,
                   "interrupted: committing what is complete (again to stop at once)");
      process.Command("finish");
      patience_ends_ = now + kFinishLimit;
      break;
    case 2:
      process.Command("cancel");
      patience_ends_ = now + kCancelLimit;
      break;
    default:
      process.Kill();
      patience_ends_ = SteadyTime::max();
  }
}

}  // namespace millrace
