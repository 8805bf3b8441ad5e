#include <nlohmann/json.hpp>

#include "attempt/error_json.h"
#include "attempt/file_state_store.h"
#include "cli/attempt_conversation.h"
#include "cli/catalog_configuration.h"
#include "cli/commands.h"
#include "cli/connection_folder.h"
#include "cli/console.h"
#include "cli/kept_configs.h"
#include "cli/prepared_connection.h"
#include "cli/refusal.h"
#include "cli/stream_argument.h"
#include "cli/verify_text.h"

namespace millrace {
namespace {

Result<StartDocument> Prepare(const CommandLine& line, const ConnectionFile& file) {
  if (!file.source) return ConfigError("{}: source is missing", file.path.string());
  if (!file.destination) return ConfigError("{}: destination is missing", file.path.string());
  std::vector<std::string> warnings;
  if (file.normalization != "none") {
    return ConfigError("{}: verify does not compare normalised tables (normalization: {}) yet",
                       file.path.string(), file.normalization);
  }
  MR_RETURN_IF_ERROR(CheckStreamArguments(line.streams, file));
  StartDocument start;
  start.task = "verify";
  start.connection = file.name;
  start.verbose = line.verbose;
  start.number_format = file.number_format;
  MR_ASSIGN_OR_RETURN(start.source,
                      PrepareEnd(ConnectorType::kSource, *file.source, file.path, &warnings));
  MR_ASSIGN_OR_RETURN(start.destination, PrepareEnd(ConnectorType::kDestination, *file.destination,
                                                    file.path, &warnings));
  for (const std::string& warning : warnings) Console::PrintWarning(warning);
  return start;
}

/// The catalog that a sync would work by, and the state of the last one.
Result<Json> AnswerCatalog(const ConnectionFile& file, const CommandLine& line,
                           const FileStateStore& store, const Json& message,
                           ConfiguredCatalog* catalog) {
  MR_ASSIGN_OR_RETURN(const Catalog discovered, CatalogFromJson(message.value("catalog", Json())));
  MR_ASSIGN_OR_RETURN(*catalog, ConfigureCatalog(file, discovered, line.streams));
  MR_ASSIGN_OR_RETURN(const auto saved, store.Peek());
  return Json{{"catalog", ToJson(*catalog)}, {"saved", ToJson(saved.value_or(SavedState()))}};
}

}  // namespace

int RunVerify(const CommandLine& line) {
  const auto file = ReadConnectionFile(line.file, ProcessEnvironment());
  if (!file.ok()) return Refuse(line, file.status(), kExitUsage);
  auto start = Prepare(line, *file);
  if (!start.ok()) return Refuse(line, start.status(), kExitUsage);

  // Held so that no sync writes meanwhile; a connection that was never synced has no folder.
  const auto data_dir = DataDirOf(line.data_dir, line.file);
  const auto path = ConnectionFolder::PathOf(data_dir, file->name);
  std::optional<ConnectionFolder> folder;
  if (std::filesystem::exists(path)) {
    auto opened = ConnectionFolder::Open(data_dir, file->name);
    if (!opened.ok()) return Refuse(line, opened.status(), kExitFailed);
    folder.emplace(*std::move(opened));
  }
  auto kept = KeptConfigs::Load(path);
  if (!kept.ok()) return Refuse(line, kept.status(), kExitUsage);
  kept->Use(&*start);
  const FileStateStore store(path / "state.json");
  InterruptSignals signals;
  ProgressDisplay display(line.verbose, /*quiet=*/true);
  AttemptConversation conversation(signals, display);
  ConfiguredCatalog catalog;
  conversation.set_answerer(
      [&](const Json& message) { return AnswerCatalog(*file, line, store, message, &catalog); });
  conversation.set_keep_config([&kept](const ConfigChange& change) { return kept->Keep(change); });
  const AttemptOutcome outcome = conversation.Run(*start);
  if (outcome.interrupted) return kExitInterrupted;
  if (!outcome.status.ok()) {
    return Refuse(line, outcome.status, outcome.before_contact ? kExitUsage : kExitFailed);
  }
  Json streams = outcome.result->value("streams", Json::array());
  // The worst of the streams' words.
  std::string status = "same";
  for (Json& stream : streams) {
    const auto descriptor = StreamDescriptorFromJson(stream);
    const ConfiguredStream* configured = descriptor.ok() ? catalog.Find(*descriptor) : nullptr;
    if (configured != nullptr) {
      stream["sync_mode"] = SyncModeName(configured->sync_mode, configured->destination_sync_mode);
    }
    const std::string word = stream.value("status", "");
    if (word == "failed" || (word == "different" && status == "same")) status = word;
  }
  if (line.json) {
    Console::OutJson({{"connection", file->name}, {"status", status}, {"streams", streams}});
  } else {
    Console::Out(VerifyText(file->name, streams));
  }
  return status == "same" ? kExitDone : kExitFailed;
}

}  // namespace millrace
