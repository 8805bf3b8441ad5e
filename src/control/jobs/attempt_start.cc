#include "control/jobs/attempt_start.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "control/secrets/config_mask.h"
#include "control/secrets/config_references.h"

namespace millrace {
namespace {

Result<ConnectorConfig> EndOf(const Actor& actor, const SecretBox& box,
                              const std::optional<Definition>& definition,
                              std::vector<std::string>* secrets) {
  if (!definition) {
    return ConfigError("{} {} uses a connector whose definition is gone", ToString(actor.kind),
                       actor.name);
  }
  MR_ASSIGN_OR_RETURN(const std::string text, box.Open(actor.sealed_configuration));
  const Json configuration = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (configuration.is_discarded()) {
    return SystemError("the stored configuration of {} is damaged", actor.name);
  }
  auto connector = StartableConnector(*definition, configuration, ServerEnvironment());
  if (!connector.ok()) return connector.status().WithContext("configuring " + actor.name);
  const Json specification = ConnectionSpecificationOf(*definition);
  for (std::string& secret : SecretTexts(specification, *connector->config)) {
    secrets->push_back(std::move(secret));
  }
  return connector;
}

}  // namespace

Result<AttemptStart> StartOfAttempt(const AttemptClaim& claim, const SecretBox& box,
                                    SqlDatabase& database, const Definitions& definitions,
                                    const DefaultResources& resources, FailureOrigin* failed) {
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
  const auto definition_of = [&](const Actor& actor) {
    return definitions.Find(database, actor.kind, actor.definition_id);
  };
  MR_ASSIGN_OR_RETURN(const auto source, definition_of(claim.source));
  MR_ASSIGN_OR_RETURN(const auto destination, definition_of(claim.destination));
  *failed = FailureOrigin::kSource;
  MR_ASSIGN_OR_RETURN(document.source, EndOf(claim.source, box, source, &start.secrets));
  start.source_silence = source->silence;
  *failed = FailureOrigin::kDestination;
  MR_ASSIGN_OR_RETURN(document.destination,
                      EndOf(claim.destination, box, destination, &start.secrets));
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
