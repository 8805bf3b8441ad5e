#include "server/public_api/job_resource.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "control/store/jobs.h"
#include "server/config_api/request_time.h"
#include "server/http/json_body.h"
#include "server/public_api/job_words.h"
#include "server/public_api/resource_routes.h"

namespace millrace {
namespace {

constexpr const char* kJobStatuses[] = {"pending", "running",   "incomplete",
                                        "failed",  "succeeded", "cancelled"};

std::optional<int64_t> JobIdOf(const std::string& text) {
  int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return id;
}

HttpResponse NoJobId() { return ProblemOf(Problem{400, "a job's id is a number"}); }

/// A query's time in microseconds; false: it is none.
bool ReadTime(const HttpRequest& request, const char* name, int64_t add,
              std::optional<int64_t>* time) {
  const std::string text = QueryText(request, name);
  if (text.empty()) return true;
  const auto micros = TimeOfIso(text);
  if (!micros) return false;
  *time = *micros + add;
  return true;
}

/// What the query asks for; or the problem.
std::optional<JobFilter> FilterOf(const HttpRequest& request, Problem* problem) {
  JobFilter filter;
  if (std::string id = QueryText(request, "connectionId"); !id.empty()) {
    filter.connection_ids.push_back(std::move(id));
  }
  if (const std::string type = QueryText(request, "jobType"); !type.empty()) {
    filter.config_types = ConfigTypesOf(type);
    if (filter.config_types.empty()) {
      *problem = {400, "jobType must be one of sync, reset, refresh, clear"};
      return std::nullopt;
    }
  }
  if (std::string status = QueryText(request, "status"); !status.empty()) {
    if (status == "queued") status = "pending";
    if (std::ranges::find(kJobStatuses, status) == std::end(kJobStatuses)) {
      *problem = {400, "there is no such status of a job"};
      return std::nullopt;
    }
    filter.statuses.push_back(std::move(status));
  }
  constexpr int64_t kWholeSecond = 999'999;  // times are shown without their fractions
  const bool times = ReadTime(request, "createdAtStart", 0, &filter.created_from) &&
                     ReadTime(request, "createdAtEnd", kWholeSecond, &filter.created_to) &&
                     ReadTime(request, "updatedAtStart", 0, &filter.updated_from) &&
                     ReadTime(request, "updatedAtEnd", kWholeSecond, &filter.updated_to);
  if (!times) {
    *problem = {400, "times must be like 2026-01-31T12:00:00Z"};
    return std::nullopt;
  }
  const std::string order = QueryText(request, "orderBy");
  filter.by_update = order.starts_with("updatedAt");
  filter.oldest_first = order.ends_with("|ASC");
  const bool known = order.empty() || order == "createdAt|ASC" || order == "createdAt|DESC" ||
                     order == "updatedAt|ASC" || order == "updatedAt|DESC";
  if (known) return filter;
  *problem = {400, "orderBy must be createdAt or updatedAt, then |ASC or |DESC"};
  return std::nullopt;
}

}  // namespace

HttpResponse JobResource::List(const HttpRequest& request) const {
  Problem problem;
  const auto page = PublicPageOf(request, &problem);
  if (!page) return ProblemOf(problem);
  auto filter = FilterOf(request, &problem);
  if (!filter) return ProblemOf(problem);
  auto workspaces = WorkspacesAsked(context_, request);
  if (!workspaces.ok()) return ProblemOf(Failure(workspaces.status()));
  filter->workspace_ids = *std::move(workspaces);
  std::vector<Job> jobs;
  const Status read = context_.services.database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(jobs, ListJobs(transaction, *filter, {page->limit + 1, page->offset}));
    return Status::Ok();
  });
  if (!read.ok()) return ProblemOf(Failure(read));
  std::vector<Json> calls;
  for (const Job& job : jobs) calls.push_back({{"id", job.id}});
  return ListOfAnswers(
      context_, request, *page, {"jobs/get_without_logs", calls},
      [now = context_.services.Now()](const Json& job) { return JobToPublic(job, now); });
}

HttpResponse JobResource::StartJob(const std::string& job_type, const std::string& connection_id,
                                   const Json& body, const Caller& caller) const {
  Json call{{"connectionId", connection_id}};
  std::string path = "connections/" + job_type;
  const Json streams = body.value("streams", Json());
  const bool some = streams.is_array() && !streams.empty();
  if (job_type == "refresh") {
    call["refreshMode"] = body.value("refreshMode", Json("Truncate"));
    if (some) call["streams"] = streams;
  } else if (job_type == "clear" && some) {
    path = "connections/clear/stream";
    call["streams"] = streams;
  }
  const auto answer = CallConfig(context_, path, call, caller);
  return answer.ok() ? JsonResponse(200, JobToPublic(answer.document(), context_.services.Now()))
                     : ProblemOf(answer.reply);
}

HttpResponse JobResource::Create(const HttpRequest& request) const {
  const auto body = DocumentOf(request);
  if (!body) return NoDocument();
  const std::string connection_id = TextOf(*body, "connectionId");
  if (connection_id.empty()) return ProblemOf(Problem{400, "connectionId is missing"});
  const std::string job_type = TextOf(*body, "jobType");
  if (ConfigTypesOf(job_type).empty()) {
    return ProblemOf(Problem{400, "jobType must be one of sync, reset, refresh, clear"});
  }
  return StartJob(job_type, connection_id, *body, CallerOf(request));
}

HttpResponse JobResource::Start(const HttpRequest& request, const std::string& connection_id,
                                const std::string& job_type) const {
  const auto body = DocumentOf(request);
  return body ? StartJob(job_type, connection_id, *body, CallerOf(request)) : NoDocument();
}

HttpResponse JobResource::Get(const std::string& id) const {
  const auto number = JobIdOf(id);
  if (!number) return NoJobId();
  const auto answer = CallConfig(context_, "jobs/get_without_logs", {{"id", *number}});
  return answer.ok() ? JsonResponse(200, JobToPublic(answer.document(), context_.services.Now()))
                     : ProblemOf(answer.reply);
}

HttpResponse JobResource::Delete(const HttpRequest& request, const std::string& id) const {
  const auto number = JobIdOf(id);
  if (!number) return NoJobId();
  const auto answer = CallConfig(context_, "jobs/cancel", {{"id", *number}}, CallerOf(request));
  return answer.ok() ? JsonResponse(200, JobToPublic(answer.document(), context_.services.Now()))
                     : ProblemOf(answer.reply);
}

HttpResponse JobResource::Logs(const std::string& id) const {
  const auto number = JobIdOf(id);
  if (!number) return NoJobId();
  const auto answer = CallConfig(context_, "jobs/get", {{"id", *number}});
  if (!answer.ok()) return ProblemOf(answer.reply);
  Json attempts = Json::array();
  for (const Json& entry : answer.document().value("attempts", Json::array())) {
    const Json attempt = entry.value("attempt", Json::object());
    attempts.push_back({{"attemptNumber", attempt.value("id", Json(0))},
                        {"status", TextOf(attempt, "status")},
                        {"logs", entry.value("logs", Json::object())}});
  }
  return JsonResponse(200, {{"jobId", *number}, {"attempts", std::move(attempts)}});
}

void JobResource::AddTo(Router& router) const {
  const JobResource self = *this;
  const std::string all = "/api/public/v1/jobs";
  const std::string one = all + "/{id}";
  AddResource(router, all, self);
  router.Add("GET", one + "/logs", [self](const HttpRequest&, const PathParameters& path) {
    return self.Logs(path.at("id"));
  });
  for (const char* type : {"refresh", "clear"}) {
    router.Add("POST", fmt::format("/api/public/v1/connections/{{id}}/{}", type),
               [self, type](const HttpRequest& request, const PathParameters& path) {
                 return self.Start(request, path.at("id"), type);
               });
  }
}

}  // namespace millrace
