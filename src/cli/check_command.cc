#include <nlohmann/json.hpp>

#include "attempt/error_json.h"
#include "cli/attempt_conversation.h"
#include "cli/commands.h"
#include "cli/connection_file.h"
#include "cli/connection_folder.h"
#include "cli/console.h"
#include "cli/kept_configs.h"
#include "cli/prepared_connection.h"
#include "cli/refusal.h"

namespace millrace {
namespace {

/// One end of the connection, ready to be tried.
struct CheckedEnd {
  ConnectorType type;
  ConnectorConfig connector;
};

Result<std::vector<CheckedEnd>> PrepareEnds(const CommandLine& line, const ConnectionFile& file) {
  std::vector<CheckedEnd> ends;
  std::vector<std::string> warnings;
  for (const ConnectorType type : {ConnectorType::kSource, ConnectorType::kDestination}) {
    const bool source = type == ConnectorType::kSource;
    if (source ? line.destination_only : line.source_only) continue;
    const auto& end = source ? file.source : file.destination;
    if (!end && (source ? line.source_only : line.destination_only)) {
      return ConfigError("{}: {} is missing", file.path.string(), ToString(type));
    }
    if (!end) continue;
    MR_ASSIGN_OR_RETURN(auto connector, PrepareEnd(type, *end, file.path, &warnings));
    ends.push_back({type, std::move(connector)});
  }
  for (const std::string& warning : warnings) Console::PrintWarning(warning);
  if (ends.empty()) return ConfigError("{}: has no source and no destination", file.path.string());
  return ends;
}

/// Runs the connector's check in a process of its own.
AttemptOutcome CheckEnd(const CommandLine& line, const CheckedEnd& end, KeptConfigs& kept,
                        InterruptSignals& signals) {
  StartDocument start;
  start.task = "check";
  start.verbose = line.verbose;
  (end.type == ConnectorType::kSource ? start.source : start.destination) = end.connector;
  kept.Use(&start);
  ProgressDisplay display(line.verbose, /*quiet=*/true);
  AttemptConversation conversation(signals, display);
  conversation.set_keep_config([&kept](const ConfigChange& change) { return kept.Keep(change); });
  return conversation.Run(start);
}

}  // namespace

int RunCheck(const CommandLine& line) {
  const auto file = ReadConnectionFile(line.file, ProcessEnvironment());
  const auto ends = file.ok() ? PrepareEnds(line, *file) : file.status();
  if (!ends.ok()) return Refuse(line, ends.status(), kExitUsage);
  auto kept =
      KeptConfigs::Load(ConnectionFolder::PathOf(DataDirOf(line.data_dir, line.file), file->name));
  if (!kept.ok()) return Refuse(line, kept.status(), kExitUsage);
  InterruptSignals signals;
  Json json{{"connection", file->name}, {"status", "succeeded"}};
  const Console::Style& style = Console::OutStyle();
  int exit_code = kExitDone;
  for (const CheckedEnd& end : *ends) {
    const AttemptOutcome outcome = CheckEnd(line, end, *kept, signals);
    if (outcome.interrupted) return kExitInterrupted;
    Json result{{"connector", end.connector.name},
                {"status", outcome.status.ok() ? "succeeded" : "failed"}};
    const std::string title = fmt::format("{:11}  {:24}", ToString(end.type), end.connector.name);
    if (outcome.status.ok()) {
      if (!line.json) Console::Out(fmt::format("{}  {}ok{}\n", title, style.green, style.reset));
    } else {
      exit_code = std::max(exit_code, outcome.before_contact ? kExitUsage : kExitFailed);
      if (outcome.status.failed()) result["error"] = ErrorToJson(outcome.status.error());
      json["status"] = "failed";
      if (!line.json) Console::Out(fmt::format("{}  {}failed{}\n", title, style.red, style.reset));
      Console::Fail(outcome.status, line.verbose);
    }
    json[ToString(end.type)] = std::move(result);
  }
  if (line.json) Console::OutJson(json);
  return exit_code;
}

}  // namespace millrace
