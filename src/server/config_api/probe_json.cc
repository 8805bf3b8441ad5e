#include "server/config_api/probe_json.h"

#include <nlohmann/json.hpp>

#include "base/failure_origin.h"
#include "base/secrets.h"
#include "base/uuid.h"
#include "server/config_api/request_fields.h"

namespace millrace {
namespace {

Json FailureReason(std::string_view config_type, const ProbeOutcome& outcome) {
  const bool of_destination = config_type.ends_with("_destination");
  const FailureOrigin origin = outcome.out_of_memory ? FailureOrigin::kPlatform
                               : of_destination      ? FailureOrigin::kDestination
                                                     : FailureOrigin::kSource;
  Json json{{"failureOrigin", ToString(origin)},
            {"externalMessage", PublicMessage(outcome.status)}};
  if (outcome.status.failed()) json["failureType"] = ToString(outcome.status.error().type);
  return json;
}

}  // namespace

ProbeJob::ProbeJob(std::string config_type, std::string config_id, int64_t started_at)
    : id_(RandomUuid()),
      config_type_(std::move(config_type)),
      config_id_(std::move(config_id)),
      started_at_(started_at) {}

Json ProbeJob::Ended(const ProbeOutcome& outcome, int64_t now) const {
  Json lines = Json::array();
  for (const std::string& line : outcome.log) lines.push_back(Secrets::Redact(line));
  Json json{{"id", id_},
            {"configType", config_type_},
            {"configId", config_id_},
            {"createdAt", Seconds(started_at_)},
            {"endedAt", Seconds(now)},
            {"succeeded", outcome.status.ok()},
            {"connectorConfigurationUpdated", outcome.configuration_changed},
            {"logType", "formatted"},
            {"logs", {{"logLines", std::move(lines)}}}};
  if (!outcome.status.ok()) json["failureReason"] = FailureReason(config_type_, outcome);
  return json;
}

std::string PublicMessage(const Status& status) { return Secrets::Redact(status.ToString()); }

}  // namespace millrace
