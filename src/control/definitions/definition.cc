#include "control/definitions/definition.h"

#include <nlohmann/json.hpp>

#include "catalogue/connector_packages.h"
#include "catalogue/connector_resolver.h"
#include "control/secrets/config_mask.h"
#include "control/secrets/config_references.h"

namespace millrace {

Json ConnectionSpecificationOf(const Definition& definition) {
  return definition.spec ? (*definition.spec)->value("connectionSpecification", Json::object())
                         : Json::object();
}

Result<ConnectorConfig> StartableConnector(const Definition& definition, const Json& configuration,
                                           const Environment& environment) {
  MR_RETURN_IF_ERROR(definition.startable);
  const Json specification = ConnectionSpecificationOf(definition);
  if (!definition.program) {
    MR_ASSIGN_OR_RETURN(Json config,
                        ConnectorConfiguration(specification, configuration, environment));
    if (!definition.manifest) return ConnectorConfig{definition.name, std::move(config), {}};
    return ConnectorConfig{std::string(kManifestRunner),
                           WithManifest(std::move(config), **definition.manifest, {}),
                           {}};
  }
  MR_ASSIGN_OR_RETURN(Json config, ResolvedReferences(specification, configuration, environment));
  if (definition.manifest) config = WithManifest(std::move(config), **definition.manifest, {});
  return ConnectorConfig{definition.name, std::move(config), definition.program};
}

Json ShownConfiguration(const std::optional<Definition>& definition, const Json& configuration) {
  if (!definition || !definition->spec) return MaskTexts(configuration);
  return MaskSecrets(ConnectionSpecificationOf(*definition), configuration);
}

}  // namespace millrace
