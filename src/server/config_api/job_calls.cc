#include "server/config_api/job_calls.h"

#include <charconv>
#include <map>
#include <nlohmann/json.hpp>

#include "control/store/connections.h"
#include "server/config_api/job_json.h"
#include "server/config_api/request_fields.h"
#include "server/config_api/request_time.h"

namespace millrace {
namespace {

constexpr size_t kLogLines = 1000;

/// A number, or a text of one; clients send both.
std::optional<int64_t> NumberGiven(const Json& body, const char* field) {
  const auto found = body.find(field);
  if (found == body.end()) return std::nullopt;
  if (found->is_number_integer()) return found->get<int64_t>();
  if (!found->is_string()) return std::nullopt;
  const std::string& text = found->get_ref<const std::string&>();
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole ? std::optional(number) : std::nullopt;
}

/// A list of texts; one text is a list of one.
std::vector<std::string> TextsOf(const Json& body, const char* field) {
  std::vector<std::string> texts;
  const Json value = body.value(field, Json::array());
  for (const Json& item : value.is_array() ? value : Json::array({value})) {
    if (item.is_string()) texts.push_back(item);
  }
  return texts;
}

/// {"streamName", "streamNamespace"}, or the protocol's names.
Result<std::vector<StreamDescriptor>> StreamsOf(const Json& body) {
  std::vector<StreamDescriptor> streams;
  const Json list = body.value("streams", Json::array());
  if (!list.is_array()) return ConfigError("it must be a list");
  for (const Json& item : list) {
    if (!item.is_object()) return ConfigError("each stream is an object with a streamName");
    const bool own = item.contains("streamName");
    StreamDescriptor stream{TextOf(item, own ? "streamName" : "name"), std::nullopt};
    if (stream.name.empty()) return ConfigError("each stream needs a streamName");
    const std::string space = TextOf(item, own ? "streamNamespace" : "namespace");
    if (!space.empty()) stream.name_space = space;
    streams.push_back(std::move(stream));
  }
  return streams;
}

/// Also of whole seconds.
std::optional<int64_t> JobTimeOf(const Json& body, const char* field) {
  constexpr int64_t kMicrosPerSecond = 1'000'000;
  if (const auto seconds = NumberGiven(body, field)) return *seconds * kMicrosPerSecond;
  return TimeOf(body, field);
}

JobFilter JobFilterOf(const Json& body) {
  JobFilter filter;
  filter.connection_ids = TextsOf(body, "configId");
  filter.config_types = TextsOf(body, "configTypes");
  filter.statuses = TextsOf(body, "statuses");
  if (filter.statuses.empty()) filter.statuses = TextsOf(body, "status");
  filter.created_from = JobTimeOf(body, "createdAtStart");
  filter.created_to = JobTimeOf(body, "createdAtEnd");
  filter.updated_from = JobTimeOf(body, "updatedAtStart");
  filter.updated_to = JobTimeOf(body, "updatedAtEnd");
  filter.by_update = TextOf(body, "orderByField") == "updatedAt";
  filter.oldest_first = TextOf(body, "orderByMethod") == "ASC";
  return filter;
}

/// A longer page, when the wanted job would not be on it.
Status MakeRoomFor(SqlTransaction& transaction, int64_t wanted, const JobFilter& filter,
                   Page* page) {
  constexpr int64_t kPageMax = 1000;
  MR_ASSIGN_OR_RETURN(const auto job, FindJob(transaction, wanted));
  if (!job) return Status::Ok();
  JobFilter newer = filter;
  newer.created_from = job->created_at;
  MR_ASSIGN_OR_RETURN(const int64_t count, CountJobs(transaction, newer));
  page->limit = std::clamp(count - page->offset, page->limit, kPageMax);
  return Status::Ok();
}

}  // namespace

ApiReply JobCalls::Create(const JobRequest& request, bool with_attempts) const {
  const auto created = services_.jobs.Create(request);
  if (!created.ok()) return Failure(created.status());
  switch (created->outcome) {
    case JobCreation::Outcome::kNoConnection:
      return NotFound("connection", request.connection_id);
    case JobCreation::Outcome::kInactive:
    case JobCreation::Outcome::kBusy:
      return Conflict(created->message);
    case JobCreation::Outcome::kUnknownStream:
      return Unprocessable("streams", created->message);
    case JobCreation::Outcome::kCreated:
      break;
  }
  Json info = InfoOf(created->job, /*with_logs=*/false);
  if (!with_attempts) info.erase("attempts");
  return {200, std::move(info)};
}

ApiReply JobCalls::Start(const Json& body, const std::string& config_type,
                         const Caller& caller) const {
  JobRequest request;
  request.user_id = caller.person_id;
  request.connection_id = TextOf(body, "connectionId");
  request.config_type = config_type;
  return Create(request, /*with_attempts=*/true);
}

ApiReply JobCalls::StartStreams(const Json& body, const std::string& config_type,
                                const Caller& caller) const {
  auto streams = StreamsOf(body);
  if (!streams.ok()) return Unprocessable("streams", streams.status().error().message);
  if (streams->empty()) return Unprocessable("streams", "name at least one stream");
  JobRequest request;
  request.user_id = caller.person_id;
  request.connection_id = TextOf(body, "connectionId");
  request.config_type = config_type;
  request.streams = *std::move(streams);
  return Create(request, /*with_attempts=*/true);
}

ApiReply JobCalls::Refresh(const Json& body, const Caller& caller) const {
  auto streams = StreamsOf(body);
  if (!streams.ok()) return Unprocessable("streams", streams.status().error().message);
  JobRequest request;
  request.user_id = caller.person_id;
  request.connection_id = TextOf(body, "connectionId");
  request.config_type = "refresh";
  request.streams = *std::move(streams);
  if (const std::string mode = TextOf(body, "refreshMode"); !mode.empty()) {
    if (mode != "Truncate" && mode != "Merge") {
      return Unprocessable("refreshMode", "it is Truncate or Merge");
    }
    request.refresh_mode = mode;
  }
  return Create(request, /*with_attempts=*/false);
}

ApiReply JobCalls::WithJob(const Json& body,
                           const std::function<ApiReply(const JobWithAttempts&)>& then) const {
  const auto id = NumberGiven(body, "id");
  if (!id) return Unprocessable("id", "it must be the number of a job");
  const auto job = services_.jobs.Find(*id);
  if (!job.ok()) return Failure(job.status());
  return *job ? then(**job) : NotFound("job", std::to_string(*id));
}

Json JobCalls::LogsOf(const Attempt& attempt, bool with_logs) const {
  std::vector<LogEvent> events;
  if (with_logs) {
    auto newest = services_.logs.Newest({attempt.job_id, attempt.number}, kLogLines);
    if (newest.ok()) {
      events = *std::move(newest);
    } else {
      LogEvent why;
      why.level = "WARN";
      why.message = "the log can't be read: " + newest.status().ToString();
      events.push_back(std::move(why));
    }
  }
  return LogsReply(events);
}

Json JobCalls::InfoOf(const JobWithAttempts& job, bool with_logs) const {
  Json attempts = Json::array();
  for (const Attempt& attempt : AttemptsToShow(job)) {
    attempts.push_back({{"attempt", AttemptJson(attempt)},
                        {"logType", "structured"},
                        {"logs", LogsOf(attempt, with_logs)}});
  }
  return Json{{"job", JobJson(job.job, job.attempts)}, {"attempts", std::move(attempts)}};
}

ApiReply JobCalls::Get(const Json& body, bool with_logs) const {
  return WithJob(body, [&](const JobWithAttempts& job) {
    return ApiReply{200, InfoOf(job, with_logs)};
  });
}

ApiReply JobCalls::GetLight(const Json& body) const {
  return WithJob(body, [](const JobWithAttempts& job) {
    return ApiReply{200, Json{{"job", JobJson(job.job, job.attempts)}}};
  });
}

ApiReply JobCalls::GetDebugInfo(const Json& body) const {
  return WithJob(body, [&](const JobWithAttempts& job) {
    Json info = InfoOf(job, /*with_logs=*/true);
    std::optional<Connection> connection;
    const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
      MR_ASSIGN_OR_RETURN(connection, FindConnection(transaction, job.job.connection_id));
      return Status::Ok();
    });
    if (!read.ok()) return Failure(read);
    if (connection) {
      info["job"]["sourceId"] = connection->source_id;
      info["job"]["destinationId"] = connection->destination_id;
    }
    for (size_t i = 0; i < job.attempts.size(); ++i) {
      info["attempts"][i]["worker"] = job.attempts[i].worker;
      info["attempts"][i]["fencingToken"] = job.attempts[i].fencing_token;
    }
    return ApiReply{200, std::move(info)};
  });
}

ApiReply JobCalls::List(const Json& body) const {
  const JobFilter filter = JobFilterOf(body);
  const std::vector<std::string> workspaces = TextsOf(body, "workspaceIds");
  Page page = PageOf(body);
  Json jobs = Json::array();
  int64_t total = 0;
  const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
    jobs = Json::array();
    JobFilter asked = filter;
    asked.workspace_ids = workspaces;
    if (const auto wanted = NumberGiven(body, "includingJobId")) {
      MR_RETURN_IF_ERROR(MakeRoomFor(transaction, *wanted, asked, &page));
    }
    MR_ASSIGN_OR_RETURN(total, CountJobs(transaction, asked));
    MR_ASSIGN_OR_RETURN(const auto listed, ListJobs(transaction, asked, page));
    std::vector<int64_t> ids;
    for (const Job& job : listed) ids.push_back(job.id);
    MR_ASSIGN_OR_RETURN(auto attempts, AttemptsOfJobs(transaction, ids));
    for (const Job& job : listed) {
      const JobWithAttempts found{job, std::move(attempts[job.id])};
      Json entry{{"job", JobJson(job, found.attempts)}, {"attempts", Json::array()}};
      for (const Attempt& attempt : AttemptsToShow(found)) {
        entry["attempts"].push_back(AttemptJson(attempt));
      }
      jobs.push_back(std::move(entry));
    }
    return Status::Ok();
  });
  if (!read.ok()) return Failure(read);
  return {200, Json{{"jobs", std::move(jobs)}, {"totalJobCount", total}}};
}

ApiReply JobCalls::Cancel(const Json& body, const Caller& caller) const {
  const auto id = NumberGiven(body, "id");
  if (!id) return Unprocessable("id", "it must be the number of a job");
  const auto job = services_.jobs.Cancel(*id, caller.person_id);
  if (!job.ok()) return Failure(job.status());
  if (!*job) return NotFound("job", std::to_string(*id));
  return {200, InfoOf(**job, /*with_logs=*/false)};
}

ApiReply JobCalls::GetLastReplicationJob(const Json& body) const {
  JobFilter filter;
  filter.connection_ids = {TextOf(body, "connectionId")};
  filter.config_types = {"sync", "refresh"};
  Json reply = Json::object();
  bool there = false;
  const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(const auto connection,
                        FindConnection(transaction, filter.connection_ids.front()));
    there = connection.has_value();
    if (!there) return Status::Ok();
    MR_ASSIGN_OR_RETURN(const auto jobs, ListJobs(transaction, filter, {.limit = 1, .offset = 0}));
    if (jobs.empty()) return Status::Ok();
    MR_ASSIGN_OR_RETURN(const auto attempts, AttemptsOf(transaction, jobs.front().id));
    reply["job"] = JobJson(jobs.front(), attempts);
    return Status::Ok();
  });
  if (!read.ok()) return Failure(read);
  if (!there) return NotFound("connection", filter.connection_ids.front());
  return {200, std::move(reply)};
}

}  // namespace millrace
