#include "server/public_api/job_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "server/config_api/request_time.h"
#include "server/http/json_body.h"

namespace millrace {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;

struct JobTypeWords {
  std::string_view in_public;
  std::string_view in_config;
};
constexpr JobTypeWords kJobTypes[] = {
    {"sync", "sync"}, {"reset", "reset_connection"}, {"refresh", "refresh"}, {"clear", "clear"}};

bool IsOver(const std::string& status) {
  return status == "succeeded" || status == "failed" || status == "cancelled";
}

int64_t NumberOf(const Json& object, const char* field) {
  const auto found = object.find(field);
  return found != object.end() && found->is_number() ? found->get<int64_t>() : 0;
}

/// Why its last attempt failed: {failureOrigin, failureType, externalMessage}; empty otherwise.
Json FailureReason(const Json& attempts) {
  Json reason = Json::object();
  if (!attempts.is_array() || attempts.empty()) return reason;
  const Json last = attempts.back().value("attempt", Json::object());
  const Json summary = last.value("failureSummary", Json::object());
  const Json failures = summary.value("failures", Json::array());
  if (failures.empty()) return reason;
  for (const char* field : {"failureOrigin", "failureType", "externalMessage"}) {
    reason[field] = failures.front().value(field, "");
  }
  return reason;
}

}  // namespace

Json JobToPublic(const Json& job_with_attempts, int64_t now) {
  const Json job = job_with_attempts.value("job", Json::object());
  const std::string config_type = TextOf(job, "configType");
  const std::string status = TextOf(job, "status");
  std::string_view type = config_type;
  for (const JobTypeWords& words : kJobTypes) {
    if (words.in_config == config_type) type = words.in_public;
  }
  const int64_t created = NumberOf(job, "createdAt");
  const int64_t updated = NumberOf(job, "updatedAt");
  Json said{{"jobId", NumberOf(job, "id")},
            // Waiting jobs are pending: older clients fail at "queued".
            {"status", status == "queued" ? "pending" : status},
            {"jobType", type},
            {"startTime", IsoTime(created * kMicrosPerSecond)},
            {"connectionId", TextOf(job, "configId")}};
  if (IsOver(status)) said["lastUpdatedAt"] = IsoTime(updated * kMicrosPerSecond);
  said["duration"] = IsoDuration(
      std::max<int64_t>(0, (IsOver(status) ? updated : now / kMicrosPerSecond) - created));
  const Json stats = job.value("aggregatedStats", Json());
  const Json& counted = stats.is_object() ? stats : Json::object();
  said["bytesSynced"] = NumberOf(counted, "bytesCommitted");
  said["rowsSynced"] = NumberOf(counted, "recordsCommitted");
  if (status == "failed" || status == "incomplete") {
    Json reason = FailureReason(job_with_attempts.value("attempts", Json::array()));
    if (!reason.empty()) said["failureReason"] = std::move(reason);
  }
  return said;
}

std::vector<std::string> ConfigTypesOf(std::string_view job_type) {
  for (const JobTypeWords& words : kJobTypes) {
    if (words.in_public == job_type) return {std::string(words.in_config)};
  }
  return {};
}

std::string IsoDuration(int64_t seconds) {
  std::string text = "PT";
  if (seconds >= 3600) text += fmt::format("{}H", seconds / 3600);
  if (seconds % 3600 >= 60) text += fmt::format("{}M", seconds % 3600 / 60);
  if (seconds % 60 > 0 || seconds == 0) text += fmt::format("{}S", seconds % 60);
  return text;
}

}  // namespace millrace
