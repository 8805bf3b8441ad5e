#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "attempt/attempt_process.h"
#include "base/file_io.h"
#include "base/json_parsing.h"
#include "base/secrets.h"
#include "base/uuid.h"
#include "catalogue/catalogue.h"
#include "catalogue/config_validation.h"
#include "catalogue/connector_packages.h"
#include "catalogue/installed_connectors.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "protocol/message.h"

namespace millrace {
namespace {

void PrintMessage(const Json& message) {
  Console::Out(message.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
}

Result<Json> ReadJsonFile(const std::string& path) {
  MR_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  const char* fault = nullptr;
  Json json = ParseJson(text, {}, &fault);
  if (fault != nullptr) return ConfigError("{}: {}", path, fault);
  return json;
}

/// A manifest that was installed under that name; not the package that runs any.
std::optional<InstalledConnector> InstalledManifest(const std::string& name) {
  if (name == kManifestRunner) return {};
  const auto entry = Catalogue::Embedded().Find(name);
  if (entry.ok() && (*entry)->runs == ConnectorKind::kBuiltIn) return {};
  auto found = InstalledConnectors::Of(ProcessEnvironment(), {}).Find(name, "");
  return found && !found->manifest.empty() ? std::move(found) : std::nullopt;
}

bool RunsManifests(const CommandLine& line) {
  return line.name == kManifestRunner || !line.manifest_path.empty();
}

Status CheckFiles(const CommandLine& line) {
  if (line.action != "spec" && line.config.empty()) return ConfigError("--config is missing");
  const bool needs_catalog = line.action == "read" || line.action == "write";
  if (needs_catalog && line.catalog.empty()) return ConfigError("--catalog is missing");
  return Status::Ok();
}

/// What can be wrong with the command line before any file is read.
Status CheckUsage(const CommandLine& line) {
  if (RunsManifests(line)) {
    if (line.action == "write") return ConfigError("{} is a source", line.name);
    return CheckFiles(line);
  }
  MR_ASSIGN_OR_RETURN(const CatalogueEntry* entry, Catalogue::Embedded().Find(line.name));
  if (entry->runs == ConnectorKind::kManifest) {
    return ConfigError("{0} is not installed: millrace connectors install {0}", line.name);
  }
  if (entry->runs != ConnectorKind::kBuiltIn) {
    return ConfigError("{} is not available in this version: it runs as {}", line.name,
                       ToString(entry->runs));
  }
  const bool source = entry->type == ConnectorType::kSource;
  if (line.action == (source ? "write" : "read") || (!source && line.action == "discover")) {
    return ConfigError("{} is a {}: it has no command {}", line.name, ToString(entry->type),
                       line.action);
  }
  return CheckFiles(line);
}

/// A connector that is told to overwrite, by a platform that counts no generations, still must
/// replace the table: the time makes a generation newer than every earlier one.
void GiveGenerations(ConfiguredCatalog* catalog) {
  for (ConfiguredStream& stream : catalog->streams) {
    const bool overwrite = stream.destination_sync_mode == DestinationSyncMode::kOverwrite;
    if (!overwrite || stream.minimum_generation_id > 0) continue;
    const auto now = Clock::System().WallNow().time_since_epoch();
    stream.generation_id = std::chrono::duration_cast<std::chrono::seconds>(now).count();
    stream.minimum_generation_id = stream.generation_id;
  }
}

/// Puts the text of a manifest's file into the configuration.
Status AddManifest(const std::string& path, Json* config) {
  constexpr int64_t kBytesMax = 16 << 20;
  if (path.empty()) return Status::Ok();
  if (!config->is_object()) return ConfigError("the configuration is no JSON object");
  auto text = ReadFile(path, kBytesMax);
  if (!text.ok()) return text.status().WithContext("reading the manifest");
  (*config)["__injected_declarative_manifest"] = *std::move(text);
  return Status::Ok();
}

Result<StartDocument> Prepare(const CommandLine& line, const Json& given) {
  const bool source = line.name.starts_with("source-");
  StartDocument start;
  start.task = "connector " + line.action;
  start.connection = line.name;
  start.verbose = line.verbose;
  start.metadata = source ? "none" : "current";
  start.saved.epoch = RandomUuid();
  // As in SyncCounters: whoever starts later may take a table over.
  start.fencing_token =
      std::chrono::floor<std::chrono::milliseconds>(Clock::System().WallNow().time_since_epoch())
          .count();
  Json config = given;
  if (RunsManifests(line)) {
    // Held against the manifest's specification, which only the attempt reads.
    MR_RETURN_IF_ERROR(AddManifest(line.manifest_path, &config));
    start.config_path = line.config;
  } else {
    MR_ASSIGN_OR_RETURN(const Json spec, BuiltinSpec(line.name));
    MR_ASSIGN_OR_RETURN(const CheckedConfig checked,
                        CheckConfig(spec.at("connectionSpecification"), "config", {}, &config));
    for (const std::string& warning : checked.warnings) {
      PrintMessage(LogMessage(LogLevel::kWarn, warning));
    }
  }
  (source ? start.source : start.destination) = ConnectorConfig{
      RunsManifests(line) ? std::string(kManifestRunner) : line.name, JsonValue(config)};
  if (!line.catalog.empty()) {
    MR_ASSIGN_OR_RETURN(const Json catalog, ReadJsonFile(line.catalog));
    auto configured = ConfiguredCatalogFromJson(catalog);
    if (!configured.ok()) return configured.status().WithContext("reading " + line.catalog);
    start.catalog = *std::move(configured);
    if (!source) GiveGenerations(&*start.catalog);
  }
  if (!line.state.empty()) {
    MR_ASSIGN_OR_RETURN(const Json state, ReadJsonFile(line.state));
    auto parsed = StateFromJson(state);
    if (!parsed.ok()) return parsed.status().WithContext("reading " + line.state);
    start.saved.state = *std::move(parsed);
  }
  return start;
}

/// Becomes the attempt's program, which then owns standard in- and output. Returns only to fail.
Status Become(const StartDocument& start) {
  constexpr int kAttemptDescriptor = 3;
  MR_ASSIGN_OR_RETURN(const auto program, AttemptProgram());
  // In memory, because it holds secrets.
  const int fd = ::memfd_create("start", 0);
  if (fd < 0) return ErrnoError(errno, "starting " + program.string());
  const std::string text =
      ToJson(start).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  for (size_t at = 0; at < text.size();) {
    const ssize_t written = ::write(fd, text.data() + at, text.size() - at);
    if (written < 0) return ErrnoError(errno, "starting " + program.string());
    at += static_cast<size_t>(written);
  }
  ::lseek(fd, 0, SEEK_SET);
  if (fd != kAttemptDescriptor) {
    ::dup2(fd, kAttemptDescriptor);
    ::close(fd);
  }
  char* const arguments[] = {const_cast<char*>(program.c_str()), nullptr};
  ::execv(program.c_str(), arguments);
  return ErrnoError(errno, "starting " + program.string());
}

int FailByProtocol(const Status& status) {
  PrintMessage(ErrorTraceMessage(status.error(), Clock::System().WallNow()));
  return kExitFailed;
}

}  // namespace

int RunConnector(const CommandLine& given) {
  CommandLine line = given;
  if (!line.manifest_path.empty() && line.name != kManifestRunner) {
    Console::Fail(
        ConfigError("--manifest-path: only {} takes a low-code manifest", kManifestRunner),
        line.verbose);
    return kExitUsage;
  }
  if (const auto installed = InstalledManifest(line.name)) {
    line.manifest_path = installed->manifest.string();
  }
  if (const Status usage = CheckUsage(line); !usage.ok()) {
    Console::Fail(usage, line.verbose);
    return kExitUsage;
  }
  const bool manifest_spec = line.action == "spec" && !line.manifest_path.empty();
  if (line.action == "spec" && !manifest_spec) {
    const auto spec = BuiltinSpec(line.name);
    if (!spec.ok()) return FailByProtocol(spec.status());
    PrintMessage(SpecMessage(*spec));
    return kExitDone;
  }
  const auto config = manifest_spec ? Json::object() : ReadJsonFile(line.config);
  if (!config.ok()) return FailByProtocol(config.status());
  const auto start = Prepare(line, *config);
  if (start.ok()) return FailByProtocol(Become(*start));
  // A configuration that doesn't fit is what a check is there to find.
  if (line.action != "check") return FailByProtocol(start.status());
  PrintMessage(ConnectionStatusMessage(false, start.status().ToString()));
  return kExitDone;
}

}  // namespace millrace
