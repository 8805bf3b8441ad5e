#include "server/config_api/connection_history_calls.h"

#include <date/tz.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/time_zone.h"
#include "control/schema/sync_catalog.h"
#include "control/store/connections.h"
#include "control/store/latest_jobs.h"
#include "control/store/stream_statuses.h"
#include "server/config_api/job_totals.h"
#include "server/config_api/request_fields.h"

namespace millrace {
namespace {

constexpr int64_t kJobsShown = 8;
constexpr int64_t kJobsShownMax = 100;
/// Of a connection that syncs every minute that is half a day; of an hourly one, a month.
constexpr int64_t kJobsOfHistoryMax = 750;
constexpr int64_t kStatusesMax = 10'000;
constexpr int64_t kHistory = 30LL * 24 * 3600 * 1'000'000;

bool IsEnded(const Job& job) {
  return std::find(kEndedJobs.begin(), kEndedJobs.end(), job.status) != kEndedJobs.end();
}

std::string Capitals(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

/// A UUID's form for what the store knows by its place: job, attempt and stream.
std::string StatusId(const StoredStreamStatus& status) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : status.stream.ToString()) {
    hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  }
  return fmt::format("{:08x}-{:04x}-8{:03x}-8{:03x}-{:012x}", status.job_id & 0xffffffff,
                     (status.job_id >> 32) & 0xffff, status.attempt_number & 0xfff, hash >> 52,
                     hash & 0xffffffffffff);
}

Json StreamStatusJson(const StoredStreamStatus& status, const Connection& connection,
                      const Job* job) {
  const bool clears = job != nullptr && job->config_type != "sync" && job->config_type != "refresh";
  Json json = StreamNameJson(status.stream, /*always=*/false);
  json["id"] = StatusId(status);
  json["connectionId"] = status.connection_id;
  json["workspaceId"] = connection.workspace_id;
  json["jobId"] = status.job_id;
  json["attemptNumber"] = status.attempt_number;
  json["jobType"] = clears ? "RESET" : "SYNC";
  json["runState"] = Capitals(status.run_state);
  if (!status.incomplete_cause.empty()) {
    json["incompleteRunCause"] = Capitals(status.incomplete_cause);
  }
  json["transitionedAt"] = status.transitioned_at / 1'000;
  return json;
}

/// The connection's statuses as StreamStatusRead, the newest job's first.
Result<std::vector<Json>> StatusesOf(SqlTransaction& transaction, const std::string& id) {
  std::vector<Json> list;
  MR_ASSIGN_OR_RETURN(const auto connection, FindConnection(transaction, id));
  if (!connection) return list;
  MR_ASSIGN_OR_RETURN(const auto statuses, ListStreamStatuses(transaction, id, kStatusesMax));
  std::set<int64_t> ids;
  for (const StoredStreamStatus& status : statuses) ids.insert(status.job_id);
  MR_ASSIGN_OR_RETURN(const auto found, FindJobs(transaction, {ids.begin(), ids.end()}));
  std::map<int64_t, const Job*> jobs;
  for (const Job& job : found) jobs[job.id] = &job;
  for (const StoredStreamStatus& status : statuses) {
    list.push_back(StreamStatusJson(status, *connection, jobs[status.job_id]));
  }
  return list;
}

Result<Json> HistoryItem(SqlTransaction& transaction, const Job& job) {
  MR_ASSIGN_OR_RETURN(const auto attempts, AttemptsOf(transaction, job.id));
  Json json{{"jobId", job.id},
            {"jobCreatedAt", Seconds(job.created_at)},
            {"jobUpdatedAt", Seconds(job.updated_at)},
            {"configType", job.config_type},
            {"streamStatuses", Json::array()}};
  const auto streams = RowsByStream(attempts);
  json.update(MovedRowsJson(Total(streams)));
  if (attempts.empty()) return json;
  MR_ASSIGN_OR_RETURN(const auto statuses,
                      ListStreamStatuses(transaction, job.id, attempts.back().number));
  for (const StoredStreamStatus& status : statuses) {
    Json stream = StreamNameJson(status.stream, /*always=*/true);
    const bool complete = status.run_state == "complete";
    stream["status"] = complete                                ? "succeeded"
                       : status.incomplete_cause == "canceled" ? "cancelled"
                                                               : "failed";
    json["streamStatuses"].push_back(std::move(stream));
  }
  return json;
}

/// The beginning, in seconds since 1970 UTC, of the day of `time` by the zone's clocks.
int64_t DayOf(const date::time_zone& zone, int64_t time) {
  const date::sys_seconds moment{std::chrono::seconds(Seconds(time))};
  const auto day = date::floor<date::days>(zone.to_local(moment));
  const auto begin = zone.to_sys(date::local_seconds(day), date::choose::earliest);
  return begin.time_since_epoch().count();
}

}  // namespace

ApiReply ConnectionHistoryCalls::WithConnection(
    const Json& body,
    const std::function<Result<Json>(SqlTransaction&, const std::string& id)>& then) const {
  const std::string id = TextOf(body, "connectionId");
  bool found = false;
  Json reply;
  const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
    ConnectionFilter filter;
    filter.ids = {id};
    MR_ASSIGN_OR_RETURN(const int64_t count, CountConnections(transaction, filter));
    found = count > 0;
    if (!found) return Status::Ok();
    MR_ASSIGN_OR_RETURN(reply, then(transaction, id));
    return Status::Ok();
  });
  if (!read.ok()) return Failure(read);
  return found ? ApiReply{200, std::move(reply)} : NotFound("connection", id);
}

ApiReply ConnectionHistoryCalls::SyncProgress(const Json& body) const {
  return WithConnection(
      body, [](SqlTransaction& transaction, const std::string& id) -> Result<Json> {
        Json json{{"connectionId", id}, {"configType", "sync"}, {"streams", Json::array()}};
        MR_ASSIGN_OR_RETURN(const auto active, LatestJobs(transaction, {id}, {}, kActiveJobs));
        if (active.empty()) return json;
        const Job& job = active.begin()->second;
        MR_ASSIGN_OR_RETURN(const auto attempts, AttemptsOf(transaction, job.id));
        const auto streams = RowsByStream(attempts);
        json["jobId"] = job.id;
        json["configType"] = job.config_type;
        json["syncStartedAt"] = Seconds(job.started_at.value_or(job.created_at));
        json.update(MovedRowsJson(Total(streams)));
        for (const auto& [stream, rows] : streams) {
          Json item = StreamNameJson(stream, /*always=*/false);
          item.update(MovedRowsJson(rows));
          item["configType"] = job.config_type;
          json["streams"].push_back(std::move(item));
        }
        return json;
      });
}

ApiReply ConnectionHistoryCalls::LastJobPerStream(const Json& body) const {
  return WithConnection(
      body, [](SqlTransaction& transaction, const std::string& id) -> Result<Json> {
        MR_ASSIGN_OR_RETURN(const auto statuses, ListStreamStatuses(transaction, id, kStatusesMax));
        std::map<StreamDescriptor, Json> found;
        std::map<int64_t, std::pair<Job, std::map<StreamDescriptor, MovedRows>>> jobs;
        for (const StoredStreamStatus& status : statuses) {
          if (found.contains(status.stream)) continue;
          if (!jobs.contains(status.job_id)) {
            MR_ASSIGN_OR_RETURN(const auto job, FindJob(transaction, status.job_id));
            MR_ASSIGN_OR_RETURN(const auto attempts, AttemptsOf(transaction, status.job_id));
            jobs[status.job_id] = {job.value_or(Job()), RowsByStream(attempts)};
          }
          auto& [job, streams] = jobs[status.job_id];
          if (!IsEnded(job)) continue;
          const MovedRows rows = streams[status.stream];
          Json item = StreamNameJson(status.stream, /*always=*/true);
          item["jobId"] = job.id;
          item["configType"] = job.config_type;
          item["jobStatus"] = job.status;
          item["recordsCommitted"] = rows.records_committed;
          item["bytesCommitted"] = rows.bytes_committed;
          item["startedAt"] = Seconds(job.started_at.value_or(job.created_at));
          item["endedAt"] = Seconds(job.updated_at);
          found[status.stream] = std::move(item);
        }
        Json list = Json::array();
        for (auto& [stream, item] : found) list.push_back(std::move(item));
        return list;
      });
}

ApiReply ConnectionHistoryCalls::Uptime(const Json& body) const {
  const Json& asked = FieldOf(body, "numberOfJobs");
  const int64_t count = asked.is_number_integer() ? asked.get<int64_t>() : kJobsShown;
  return WithConnection(
      body, [&](SqlTransaction& transaction, const std::string& id) -> Result<Json> {
        JobFilter filter;
        filter.connection_ids = {id};
        filter.config_types = kSyncJobs;
        filter.statuses = kEndedJobs;
        const Page page{.limit = std::clamp<int64_t>(count, 1, kJobsShownMax), .offset = 0};
        MR_ASSIGN_OR_RETURN(auto jobs, ListJobs(transaction, filter, page));
        std::reverse(jobs.begin(), jobs.end());
        Json list = Json::array();
        for (const Job& job : jobs) {
          MR_ASSIGN_OR_RETURN(Json item, HistoryItem(transaction, job));
          list.push_back(std::move(item));
        }
        return list;
      });
}

ApiReply ConnectionHistoryCalls::StreamHistory(const Json& body) const {
  std::string zone_name = TextOf(body, "timezone");
  if (zone_name.empty()) zone_name = "UTC";
  if (const Status known = CheckTimeZone(zone_name); !known.ok()) {
    return Unprocessable("timezone", known.ToString());
  }
  return WithConnection(
      body, [&](SqlTransaction& transaction, const std::string& id) -> Result<Json> {
        JobFilter filter;
        filter.connection_ids = {id};
        filter.config_types = kSyncJobs;
        filter.created_from = services_.Now() - kHistory;
        MR_ASSIGN_OR_RETURN(const auto jobs, ListJobs(transaction, filter,
                                                      {.limit = kJobsOfHistoryMax, .offset = 0}));
        const date::time_zone& zone = *date::locate_zone(zone_name);
        std::map<std::pair<int64_t, StreamDescriptor>, int64_t> rows;
        for (const Job& job : jobs) {
          MR_ASSIGN_OR_RETURN(const auto attempts, AttemptsOf(transaction, job.id));
          for (const auto& [stream, moved] : RowsByStream(attempts)) {
            rows[{DayOf(zone, job.created_at), stream}] += moved.records_committed;
          }
        }
        Json list = Json::array();
        for (const auto& [key, count] : rows) {
          Json item = StreamNameJson(key.second, /*always=*/true);
          item["timestamp"] = key.first;
          item["recordsCommitted"] = count;
          list.push_back(std::move(item));
        }
        return list;
      });
}

ApiReply ConnectionHistoryCalls::StreamStatuses(const Json& body) const {
  const Page page = PageOf(body);
  Json list = Json::array();
  const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(const auto statuses, StatusesOf(transaction, TextOf(body, "connectionId")));
    std::vector<Json> wanted;
    for (const Json& status : statuses) {
      bool matches = true;
      for (const char* field :
           {"jobId", "attemptNumber", "jobType", "streamName", "streamNamespace"}) {
        const Json& value = FieldOf(body, field);
        matches = matches && (value.is_null() || value == FieldOf(status, field));
      }
      if (matches) wanted.push_back(status);
    }
    const auto from = std::min(static_cast<size_t>(page.offset), wanted.size());
    const auto to = std::min(from + static_cast<size_t>(page.limit), wanted.size());
    list = Json::array();
    for (size_t i = from; i < to; ++i) list.push_back(wanted[i]);
    return Status::Ok();
  });
  if (!read.ok()) return Failure(read);
  return {200, Json{{"streamStatuses", std::move(list)}}};
}

ApiReply ConnectionHistoryCalls::LatestPerRunState(const Json& body) const {
  return WithConnection(
      body, [](SqlTransaction& transaction, const std::string& id) -> Result<Json> {
        MR_ASSIGN_OR_RETURN(const auto statuses, StatusesOf(transaction, id));
        std::map<std::string, Json> latest;
        for (const Json& status : statuses) {
          const std::string key =
              fmt::format("{}\n{}\n{}", TextOf(status, "streamName"),
                          TextOf(status, "streamNamespace"), TextOf(status, "runState"));
          Json& kept = latest[key];
          if (kept.is_null() || kept["transitionedAt"] < status["transitionedAt"]) kept = status;
        }
        Json list = Json::array();
        for (auto& [key, status] : latest) list.push_back(std::move(status));
        return Json{{"streamStatuses", std::move(list)}};
      });
}

}  // namespace millrace
