#include "cli/attempt/attempt_ends.h"

#include <nlohmann/json.hpp>

#include "catalogue/catalogue.h"
#include "catalogue/config_validation.h"
#include "cli/builtin_connectors.h"

namespace millrace {
namespace {

Result<const ConnectorEntry*> FindEntry(const ConnectorConfig& connector) {
  const ConnectorEntry* entry = FindBuiltinConnector(connector.name);
  if (entry == nullptr) return SystemError("{} is not part of this program", connector.name);
  MR_ASSIGN_OR_RETURN(const Json spec, BuiltinSpec(connector.name));
  RegisterSecrets(spec.at("connectionSpecification"), *connector.config);
  return entry;
}

}  // namespace

Result<std::unique_ptr<Source>> MakeSource(const ConnectorConfig& connector) {
  MR_ASSIGN_OR_RETURN(const ConnectorEntry* entry, FindEntry(connector));
  if (!entry->make_source) return SystemError("{} is not a source", connector.name);
  return entry->make_source(*connector.config);
}

Result<std::unique_ptr<Destination>> MakeDestination(const ConnectorConfig& connector) {
  MR_ASSIGN_OR_RETURN(const ConnectorEntry* entry, FindEntry(connector));
  if (!entry->make_destination) return SystemError("{} is not a destination", connector.name);
  return entry->make_destination(*connector.config);
}

}  // namespace millrace
