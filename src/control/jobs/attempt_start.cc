#include "control/jobs/attempt_start.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/secrets/config_mask.h"
#include "control/secrets/config_references.h"

namespace millrace {
namespace {

Result<ConnectorConfig> EndOf(const Actor& actor, const SecretBox& box, const Catalogue& catalogue,
                              std::vector<std::string>* secrets) {
  const auto& entries = catalogue.entries();
  const auto entry =
      std::find_if(entries.begin(), entries.end(), [&](const CatalogueEntry& candidate) {
        return candidate.type == actor.kind && candidate.definition_id == actor.definition_id;
      });
  if (entry == entries.end() || entry->runs != ConnectorKind::kBuiltIn) {
    return ConfigError("{} {} uses a connector that this version can't run", ToString(actor.kind),
                       actor.name);
  }
  MR_ASSIGN_OR_RETURN(const std::string text, box.Open(actor.sealed_configuration));
  Json configuration = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (configuration.is_discarded()) {
    return SystemError("the stored configuration of {} is damaged", actor.name);
  }
  MR_ASSIGN_OR_RETURN(const Json spec, BuiltinSpec(entry->name));
  const Json& connection_specification = spec.at("connectionSpecification");
  auto resolved =
      ConnectorConfiguration(connection_specification, configuration, ServerEnvironment());
  if (!resolved.ok()) return resolved.status().WithContext("configuring " + actor.name);
  for (std::string& secret : SecretTexts(connection_specification, *resolved)) {
    secrets->push_back(std::move(secret));
  }
  return ConnectorConfig{entry->name, JsonValue(*std::move(resolved))};
}

}  // namespace

Result<AttemptStart> StartOfAttempt(const AttemptClaim& claim, const SecretBox& box,
                                    const Catalogue& catalogue, const DefaultResources& resources,
                                    FailureOrigin* failed) {
  AttemptStart start;
  StartDocument& document = start.document;
  const std::string& type = claim.job.config_type;
  const bool clears = type == "clear" || type == "reset_connection";
  document.task = clears ? "clear" : "sync";
  *failed = FailureOrigin::kPlatform;
  MR_ASSIGN_OR_RETURN(
      document.limits,
      LimitsOfAttempt(claim.connection.document->value("resourceRequirements", Json()),
                      claim.source_resources, claim.destination_resources,
                      clears ? "reset_connection" : "sync", resources));
  *failed = FailureOrigin::kSource;
  MR_ASSIGN_OR_RETURN(document.source, EndOf(claim.source, box, catalogue, &start.secrets));
  *failed = FailureOrigin::kDestination;
  MR_ASSIGN_OR_RETURN(document.destination,
                      EndOf(claim.destination, box, catalogue, &start.secrets));
  std::sort(start.secrets.begin(), start.secrets.end(),
            [](const auto& a, const auto& b) { return a.size() > b.size(); });
  document.connection = claim.connection.id;
  // Over all jobs of a connection, growing: tokens are.
  document.attempt = claim.attempt.fencing_token;
  document.fencing_token = claim.attempt.fencing_token;
  document.catalog = claim.catalog;
  document.saved = claim.saved;
  return start;
}

}  // namespace millrace
