#include "cli/attempt/attempt_ends.h"

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "catalogue/catalogue.h"
#include "catalogue/config_validation.h"
#include "cli/builtin_connectors.h"
#include "external/external_source.h"

namespace millrace {
namespace {

Result<const ConnectorEntry*> FindEntry(const ConnectorConfig& connector) {
  const ConnectorEntry* entry = FindBuiltinConnector(connector.name);
  if (entry == nullptr) return SystemError("{} is not part of this program", connector.name);
  MR_ASSIGN_OR_RETURN(const Json spec, BuiltinSpec(connector.name));
  RegisterSecrets(spec.at("connectionSpecification"), *connector.config);
  return entry;
}

/// Where a program's specification is known, its configuration was held against it already.
std::unique_ptr<Source> MakeProgram(const ConnectorConfig& connector) {
  const ConnectorProgram& program = *connector.program;
  ExternalConnector external;
  external.command.arguments = program.command;
  external.command.folder = program.folder;
  external.command.image = program.image;
  external.command.environment = program.environment;
  external.command.limits = program.limits;
  external.config = connector.config;
  external.specification = program.specification;
  external.fit_config = [from_environment = program.from_environment,
                         fitted = program.specification.has_value()](const Json& specification,
                                                                     Json* config) {
    if (fitted) {
      RegisterSecrets(specification, *config);
      return Status::Ok();
    }
    MR_ASSIGN_OR_RETURN(const CheckedConfig checked,
                        CheckConfig(specification, "source.config", from_environment, config));
    for (const std::string& warning : checked.warnings) Log(LogLevel::kWarn, "{}", warning);
    return Status::Ok();
  };
  return std::make_unique<ExternalSource>(std::move(external));
}

}  // namespace

Result<std::unique_ptr<Source>> MakeSource(const ConnectorConfig& connector) {
  if (connector.program) return MakeProgram(connector);
  MR_ASSIGN_OR_RETURN(const ConnectorEntry* entry, FindEntry(connector));
  if (!entry->make_source) return SystemError("{} is not a source", connector.name);
  return entry->make_source(*connector.config);
}

Result<std::unique_ptr<Destination>> MakeDestination(const ConnectorConfig& connector) {
  if (connector.program) {
    return ConfigError("connector commands are sources only in this version");
  }
  MR_ASSIGN_OR_RETURN(const ConnectorEntry* entry, FindEntry(connector));
  if (!entry->make_destination) return SystemError("{} is not a destination", connector.name);
  return entry->make_destination(*connector.config);
}

}  // namespace millrace
