#include "control/worker/probe.h"

#include <nlohmann/json.hpp>

#include "attempt/attempt_process.h"
#include "attempt/error_json.h"
#include "base/deadline.h"

namespace millrace {
namespace {

constexpr size_t kLogLinesMax = 1'000;

/// True when the message was the last.
bool Take(const Json& message, ProbeOutcome* outcome) {
  const std::string type = message.value("type", "");
  if (type == "LOG") {
    const Json log = message.value("log", Json::object());
    if (outcome->log.size() == kLogLinesMax) outcome->log.erase(outcome->log.begin());
    outcome->log.push_back(log.value("message", ""));
  } else if (type == "RESULT") {
    outcome->result = message.value("result", Json::object());
    return true;
  } else if (type == "FAILURE") {
    outcome->status = Status::Failed(ErrorFromJson(message.value("error", Json::object())));
    return true;
  }
  return false;
}

}  // namespace

ProbeOutcome RunProbe(const StartDocument& start, std::chrono::seconds limit,
                      std::stop_token stop) {
  ProbeOutcome outcome;
  const auto program = AttemptProgram();
  auto process = program.ok() ? AttemptProcess::Start(*program, start) : program.status();
  if (!process.ok()) {
    outcome.status = process.status();
    return outcome;
  }
  const Deadline deadline = Deadline::After(limit);
  while (!deadline.Passed()) {
    if (stop.stop_requested()) {
      outcome.status = Status::Canceled();
      return outcome;
    }
    const auto event = (*process)->Wait(/*wake_fd=*/-1, std::chrono::seconds(1));
    if (!event.ok()) {
      outcome.status = event.status();
      return outcome;
    }
    if (event->kind == AttemptProcess::EventKind::kMessage && Take(*event->message, &outcome)) {
      return outcome;
    }
    if (event->kind == AttemptProcess::EventKind::kEnded) {
      outcome.status = (*process)->HowItEnded();
      return outcome;
    }
  }
  outcome.status = TransientError("the connector gave no answer within {} s", limit.count());
  return outcome;
}

}  // namespace millrace
