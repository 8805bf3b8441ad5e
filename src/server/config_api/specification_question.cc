#include "server/config_api/specification_question.h"

#include <nlohmann/json.hpp>

#include "server/config_api/probe_json.h"

namespace millrace {
namespace {

constexpr std::chrono::seconds kLimit = std::chrono::minutes(10);

}  // namespace

Result<JsonValue> AskSpecification(const Services& services, const Definition& definition) {
  MR_RETURN_IF_ERROR(definition.startable);
  StartDocument start;
  start.task = "spec";
  (definition.kind == ConnectorType::kSource ? start.source : start.destination) =
      ConnectorConfig{definition.name, Json::object(), definition.program};
  MR_ASSIGN_OR_RETURN(const ProbeOutcome outcome,
                      services.probes.Run(std::move(start), {}, kLimit, {}));
  // Whoever brings a connector along mends it: nothing of this is the server's fault.
  if (!outcome.status.ok()) {
    return ConfigError("{} did not give its specification: {}", definition.display_name,
                       PublicMessage(outcome.status));
  }
  return outcome.result;
}

}  // namespace millrace
