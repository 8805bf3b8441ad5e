#include "server/config_api/job_json.h"

#include <map>
#include <nlohmann/json.hpp>

#include "server/config_api/request_fields.h"

namespace millrace {
namespace {

constexpr const char* kSummed[] = {"recordsEmitted",   "bytesEmitted",   "stateMessagesEmitted",
                                   "recordsCommitted", "bytesCommitted", "recordsRejected"};

Json NoStats() {
  Json stats = Json::object();
  for (const char* key : kSummed) stats[key] = 0;
  return stats;
}

void AddStats(const Json& stats, Json* sum) {
  for (const char* key : kSummed) {
    (*sum)[key] = sum->value(key, int64_t{0}) + stats.value(key, int64_t{0});
  }
}

/// Of each stream, over all attempts.
Json StreamSums(const std::vector<Attempt>& attempts) {
  std::map<std::pair<std::string, std::string>, Json> sums;
  for (const Attempt& attempt : attempts) {
    const Json streams = attempt.document->value("streamStats", Json::array());
    for (const Json& entry : streams) {
      const std::pair<std::string, std::string> key = {entry.value("streamNamespace", ""),
                                                       entry.value("streamName", "")};
      Json& sum = sums.try_emplace(key, NoStats()).first->second;
      AddStats(entry.value("stats", Json::object()), &sum);
    }
  }
  Json list = Json::array();
  for (auto& [key, sum] : sums) {
    Json entry{{"streamName", key.second}};
    if (!key.first.empty()) entry["streamNamespace"] = key.first;
    entry.update(sum);
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace

Json JobJson(const Job& job, const std::vector<Attempt>& attempts) {
  const Json streams = job.document->value("streams", Json::array());
  Json json{{"id", job.id},
            {"configType", job.config_type},
            {"configId", job.connection_id},
            {"status", job.status},
            {"createdAt", Seconds(job.created_at)},
            {"updatedAt", Seconds(job.updated_at)},
            {"enabledStreams", streams}};
  if (job.started_at) json["startedAt"] = Seconds(*job.started_at);
  if (job.config_type == "refresh") {
    json["refreshConfig"] = {{"streamsToRefresh", streams}};
  } else if (job.config_type != "sync") {
    json["resetConfig"] = {{"streamsToReset", streams}};
  }
  Json total = NoStats();
  for (const Attempt& attempt : attempts) {
    AddStats(attempt.document->value("totalStats", Json::object()), &total);
  }
  json["aggregatedStats"] = std::move(total);
  json["streamAggregatedStats"] = StreamSums(attempts);
  return json;
}

Json AttemptJson(const Attempt& attempt) {
  const Json stats = attempt.document->value("totalStats", NoStats());
  Json json{{"id", attempt.number},
            {"status", attempt.status},
            {"createdAt", Seconds(attempt.created_at)},
            {"updatedAt", Seconds(attempt.updated_at)},
            {"bytesSynced", stats.value("bytesCommitted", int64_t{0})},
            {"recordsSynced", stats.value("recordsCommitted", int64_t{0})},
            {"totalStats", stats},
            {"streamStats", attempt.document->value("streamStats", Json::array())}};
  if (attempt.ended_at) json["endedAt"] = Seconds(*attempt.ended_at);
  if (attempt.document->contains("failureSummary")) {
    json["failureSummary"] = attempt.document->at("failureSummary");
  }
  return json;
}

std::vector<Attempt> AttemptsToShow(const JobWithAttempts& job) {
  if (!job.attempts.empty() || job.job.status != "pending") return job.attempts;
  Attempt first;
  first.job_id = job.job.id;
  first.status = "running";
  first.created_at = job.job.created_at;
  first.updated_at = job.job.updated_at;
  return {first};
}

}  // namespace millrace
