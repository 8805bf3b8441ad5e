#include "control/worker/probe_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "attempt/attempt_process.h"
#include "attempt/error_json.h"
#include "base/check.h"
#include "base/deadline.h"

namespace millrace {
namespace {

constexpr size_t kLogLinesMax = 1'000;

void AddLine(std::string line, ProbeOutcome* outcome) {
  if (outcome->log.size() == kLogLinesMax) outcome->log.erase(outcome->log.begin());
  outcome->log.push_back(std::move(line));
}

/// Answers the connector once its changed configuration is kept.
void TakeChange(AttemptProcess& process, const Json& message, const KeepConfig& keep_config,
                ProbeOutcome* outcome) {
  Status kept = Status::Ok();
  if (keep_config) {
    const auto change = ConfigChangeFromJson(message);
    kept = change.ok() ? keep_config(*change) : change.status();
    outcome->configuration_changed = kept.ok();
  } else {
    AddLine(
        "the connector changed its configuration (a new token, perhaps); it is not kept, because "
        "the configuration that was tried is not stored",
        outcome);
  }
  process.Answer(message, kept.ok() ? Result<Json>(Json()) : Result<Json>(kept));
}

/// True when the message was the last.
bool Take(AttemptProcess& process, const Json& message, const KeepConfig& keep_config,
          ProbeOutcome* outcome) {
  const std::string type = message.value("type", "");
  if (type == "LOG") {
    AddLine(message.value("log", Json::object()).value("message", ""), outcome);
  } else if (type == "CONTROL") {
    TakeChange(process, message, keep_config, outcome);
  } else if (type == "RESULT") {
    outcome->result = message.value("result", Json::object());
    return true;
  } else if (type == "FAILURE") {
    outcome->status = Status::Failed(ErrorFromJson(message.value("error", Json::object())));
    return true;
  }
  return false;
}

/// Until it has said its last, or the time has passed. True: it ended without a word.
bool Converse(AttemptProcess& process, std::chrono::seconds limit, const KeepConfig& keep_config,
              const std::stop_token& stop, ProbeOutcome* outcome) {
  const Deadline deadline = Deadline::After(limit);
  while (!deadline.Passed()) {
    if (stop.stop_requested()) {
      outcome->status = Status::Canceled();
      return false;
    }
    const auto event = process.Wait(/*wake_fd=*/-1, std::chrono::seconds(1));
    if (!event.ok()) {
      outcome->status = event.status();
      return false;
    }
    if (event->kind == AttemptProcess::EventKind::kMessage &&
        Take(process, *event->message, keep_config, outcome)) {
      return false;
    }
    if (event->kind == AttemptProcess::EventKind::kEnded) return true;
  }
  outcome->status = TransientError("the connector gave no answer within {} s", limit.count());
  return false;
}

/// A task in people's words, and in those of the settings for it.
struct Task {
  std::string_view name, called, job_type, container;
};
constexpr Task kTasks[] = {
    {"spec", "the question for a specification", "get_spec", "SPEC"},
    {"check", "the check", "check_connection", "CHECK"},
    {"discover", "the discovery", "discover_schema", "DISCOVER"},
    {"resolve_manifest", "the look at the manifest", "discover_schema", "DISCOVER"},
    {"full_resolve_manifest", "the look at the manifest", "discover_schema", "DISCOVER"},
    {"read_stream", "the test read", "discover_schema", "DISCOVER"}};

const Task& TaskOf(const StartDocument& start) {
  const auto found = std::ranges::find(kTasks, std::string_view(start.task), &Task::name);
  MR_CHECK(found != std::end(kTasks), "a probe of another kind");
  return *found;
}

/// For a person whose probe was killed because of its memory.
std::string WhatToRaise(const StartDocument& start) {
  return fmt::format(
      "memory_limit for jobType {} in the {}'s resourceAllocation or its definition's "
      "resourceRequirements, or {}_JOB_MAIN_CONTAINER_MEMORY_LIMIT for all",
      TaskOf(start).job_type, start.source ? "source" : "destination", TaskOf(start).container);
}

/// How a process ended that said nothing more.
void Explain(AttemptProcess& process, const MemoryEvidence& memory, const StartDocument& start,
             ProbeOutcome* outcome) {
  outcome->status = process.HowItEnded();
  auto killed = memory.OverLimit(WhatToRaise(start));
  if (!killed && process.killed_from_outside()) killed = memory.MachineRanOut();
  if (!killed) return;
  outcome->out_of_memory = true;
  outcome->status = killed->WithContext(TaskOf(start).called);
}

}  // namespace

ProbeOutcome ProbeRunner::Run(StartDocument start, const EndResources& said,
                              std::chrono::seconds limit, const KeepConfig& keep_config,
                              const std::stop_token& stop) const {
  ProbeOutcome outcome;
  const auto run = [&]() -> Status {
    start.rules = options_.rules;
    MR_ASSIGN_OR_RETURN(start.limits, LimitsOfProbe(start, said, options_.resources));
    std::filesystem::path program = options_.program;
    if (program.empty()) {
      MR_ASSIGN_OR_RETURN(program, AttemptProgram());
    }
    MemoryEvidence memory{
        start.limits.memory_bytes, {}, nullptr, ControlGroups::OutOfMemoryKillsOfMachine()};
    MR_ASSIGN_OR_RETURN(
        memory.group,
        limits_.MakeGroup(fmt::format("millrace-probe-{}", ++started_), start.limits));
    auto started = AttemptProcess::Start(program, start, memory.group);
    if (started.ok()) {
      AttemptProcess& process = **started;
      // A child that nobody has waited for is there, dead or alive.
      const auto identity = ProcessIdentity::Of(process.pid());
      if (identity) memory.watch = limits_.Watch(*identity, memory.group, start.limits);
      if (Converse(process, limit, keep_config, stop, &outcome))
        Explain(process, memory, start, &outcome);
      if (identity) TrackedProcess(*identity).KillAll();  // it, and what it started
      started->reset();
    }
    if (!memory.group.empty()) ControlGroups::Remove(memory.group);
    return started.status();
  };
  if (const Status failed = run(); !failed.ok()) outcome.status = failed;
  return outcome;
}

}  // namespace millrace
