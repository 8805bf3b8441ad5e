#include <nlohmann/json.hpp>

#include "attempt/error_json.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/prepared_connection.h"
#include "cli/refusal.h"
#include "cli/stream_argument.h"
#include "cli/sync_result_text.h"
#include "cli/sync_session.h"

namespace millrace {
namespace {

/// Ends a sync that never began.
Result<StartDocument> Prepare(const ConnectionFile& file, std::vector<std::string>* warnings) {
  if (!file.source) return ConfigError("{}: source is missing", file.path.string());
  if (!file.destination) return ConfigError("{}: destination is missing", file.path.string());
  StartDocument start;
  start.task = "sync";
  start.connection = file.name;
  MR_ASSIGN_OR_RETURN(start.source,
                      PrepareEnd(ConnectorType::kSource, *file.source, file.path, warnings));
  MR_ASSIGN_OR_RETURN(start.destination, PrepareEnd(ConnectorType::kDestination, *file.destination,
                                                    file.path, warnings));
  if (start.source->program) start.source->program->keep_undeclared = file.keep_undeclared;
  start.metadata = file.metadata;
  start.normalization = file.normalization;
  start.raw_tables = file.raw_tables;
  start.number_format = file.number_format;
  start.commit_interval = file.commit_interval;
  start.merge_interval = file.merge_interval;
  start.writer_lanes = file.writer_lanes;
  return start;
}

/// Of what failed before anything was contacted.
int ExitCodeOf(const Status& status) {
  const bool config = status.failed() && status.error().type == FailureType::kConfigError;
  return config ? kExitUsage : kExitFailed;
}

int ExitCodeOf(const SyncResult& result) {
  const std::string& outcome = result.report.outcome;
  if (outcome == "succeeded") return kExitDone;
  if (outcome == "interrupted" || outcome == "canceled") return kExitInterrupted;
  return result.before_contact ? kExitUsage : kExitFailed;
}

}  // namespace

int RunSyncCommand(const CommandLine& line) {
  const auto file = ReadConnectionFile(line.file, ProcessEnvironment());
  if (!file.ok()) return Refuse(line, file.status(), kExitUsage);
  std::vector<std::string> warnings;
  auto start = Prepare(*file, &warnings);
  for (const std::string& warning : warnings) Console::PrintWarning(warning);
  if (!start.ok()) return Refuse(line, start.status(), kExitUsage);
  if (const Status known = CheckStreamArguments(line.streams, *file); !known.ok()) {
    return Refuse(line, known, kExitUsage);
  }
  start->verbose = line.verbose;
  const ConnectorConfig destination = *start->destination;

  auto folder = ConnectionFolder::Open(DataDirOf(line.data_dir, line.file), file->name);
  if (!folder.ok()) return Refuse(line, folder.status(), kExitFailed);
  auto counters = SyncCounters::Load(folder->counters_path());
  if (!counters.ok()) return Refuse(line, counters.status(), ExitCodeOf(counters.status()));
  // Nothing is contacted for a state that can't be read.
  const auto saved = FileStateStore(folder->state_path()).Peek();
  if (!saved.ok()) return Refuse(line, saved.status(), ExitCodeOf(saved.status()));

  auto kept = KeptConfigs::Load(folder->path());
  if (!kept.ok()) return Refuse(line, kept.status(), ExitCodeOf(kept.status()));

  InterruptSignals signals;
  ProgressDisplay display(line.verbose, /*quiet=*/false);
  SyncSession session({&*file, *std::move(start), line.streams, line.full_refresh}, *folder,
                      *std::move(counters), *kept, signals, display);
  const SyncResult result = session.Run();
  if (line.json) {
    warnings.insert(warnings.end(), display.warnings().begin(), display.warnings().end());
    Console::OutJson(SyncResultJson(file->name, destination, warnings, result));
  } else if (!result.report.streams.empty()) {
    Console::Out(SyncResultText(file->name, destination, result));
  }
  if (result.report.error && result.report.outcome != "succeeded") {
    Error error = *result.report.error;
    error.message.insert(0, FailedEndText(result, result.report.error_origin));
    Console::Fail(Status::Failed(std::move(error)), line.verbose);
  }
  return ExitCodeOf(result);
}

}  // namespace millrace
