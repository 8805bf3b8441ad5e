#include "cli/attempt/attempt_ends.h"

#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/log.h"
#include "catalogue/catalogue.h"
#include "catalogue/config_validation.h"
#include "catalogue/connector_packages.h"
#include "cli/attempt/manifest_source.h"
#include "cli/builtin_connectors.h"
#include "external/external_destination.h"
#include "external/external_source.h"
#include "sources/rest/rest_source.h"

namespace millrace {
namespace {

Result<const ConnectorEntry*> FindEntry(const ConnectorConfig& connector) {
  const ConnectorEntry* entry = FindBuiltinConnector(connector.name);
  if (entry == nullptr) return SystemError("{} is not part of this program", connector.name);
  MR_ASSIGN_OR_RETURN(const Json spec, BuiltinSpec(connector.name));
  RegisterSecrets(spec.at("connectionSpecification"), *connector.config);
  return entry;
}

/// A program's configuration, once it runs. Thread-safe.
class RunningConfig {
 public:
  void Begin(const Json& specification, const Json& config) {
    std::lock_guard lock(mutex_);
    specification_ = specification;
    config_ = config;
  }
  /// Makes it what the connector wants; returns what it was.
  JsonValue Change(const Json& config) {
    std::lock_guard lock(mutex_);
    RegisterSecrets(*specification_, config);
    return std::exchange(config_, config);
  }

 private:
  std::mutex mutex_;
  JsonValue specification_, config_;
};

/// Keeps the tokens of source-rest, and strikes new ones out of the log.
KeepRestConfig RestKeeper(const std::string& name, const KeepConfig& keep_config) {
  return [name, keep_config](const Json& before, const Json& config) -> Status {
    MR_ASSIGN_OR_RETURN(const Json spec, BuiltinSpec(name));
    RegisterSecrets(spec.at("connectionSpecification"), config);
    return keep_config({"source", before, config});
  };
}

/// Where a program's specification is known, its configuration was held against it already.
Status FitConfig(const ConnectorProgram& program, const std::string& where,
                 const Json& specification, Json* config) {
  if (program.specification || program.config_fits) {
    RegisterSecrets(specification, *config);
    return Status::Ok();
  }
  MR_ASSIGN_OR_RETURN(const CheckedConfig checked,
                      CheckConfig(specification, where, program.from_environment, config));
  for (const std::string& warning : checked.warnings) Log(LogLevel::kWarn, "{}", warning);
  return Status::Ok();
}

/// `end`: "source" or "destination".
ExternalConnector ExternalOf(const ConnectorConfig& connector, const std::string& end,
                             const KeepConfig& keep_config) {
  const ConnectorProgram& program = *connector.program;
  ExternalConnector external;
  external.command.arguments = program.command;
  external.command.folder = program.folder;
  external.command.image = program.image;
  external.command.environment = program.environment;
  external.command.limits = program.limits;
  if (program.stall_seconds > 0) {
    external.command.stall = std::chrono::seconds(program.stall_seconds);
  }
  external.keep_undeclared = program.keep_undeclared;
  external.config = connector.config;
  external.specification = program.specification;
  const auto running = std::make_shared<RunningConfig>();
  external.fit_config = [program, end, running](const Json& specification, Json* config) {
    MR_RETURN_IF_ERROR(FitConfig(program, end + ".config", specification, config));
    running->Begin(specification, *config);
    return Status::Ok();
  };
  if (!keep_config) return external;
  external.keep_config = [end, running, keep_config](const Json& config) {
    const JsonValue before = running->Change(config);
    return *before == config ? Status::Ok() : keep_config({end, before, config});
  };
  return external;
}

}  // namespace

Result<Json> AskSpecification(const ConnectorConfig& connector) {
  if (!connector.program) return BuiltinSpec(connector.name);
  ConnectorConfig unknown = connector;
  unknown.program->specification.reset();
  unknown.program->config_fits = true;  // there is none yet
  ConnectorTasks tasks(ExternalOf(unknown, "source", {}));
  MR_RETURN_IF_ERROR(tasks.Prepare());
  return tasks.spec();
}

Result<std::unique_ptr<Source>> MakeSource(const ConnectorConfig& connector,
                                           const KeepConfig& keep_config) {
  if (connector.program) {
    return std::make_unique<ExternalSource>(ExternalOf(connector, "source", keep_config));
  }
  if (connector.name == kManifestRunner) return MakeManifestSource(*connector.config, keep_config);
  MR_ASSIGN_OR_RETURN(const ConnectorEntry* entry, FindEntry(connector));
  if (!entry->make_source) return SystemError("{} is not a source", connector.name);
  if (connector.name == "source-rest" && keep_config) {
    return MakeRestSource(*connector.config, RestKeeper(connector.name, keep_config));
  }
  return entry->make_source(*connector.config);
}

Result<std::unique_ptr<Destination>> MakeDestination(const ConnectorConfig& connector,
                                                     const KeepConfig& keep_config) {
  if (connector.program) {
    return std::make_unique<ExternalDestination>(ExternalOf(connector, "destination", keep_config));
  }
  MR_ASSIGN_OR_RETURN(const ConnectorEntry* entry, FindEntry(connector));
  if (!entry->make_destination) return SystemError("{} is not a destination", connector.name);
  return entry->make_destination(*connector.config);
}

}  // namespace millrace
