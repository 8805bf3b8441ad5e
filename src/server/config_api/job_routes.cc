#include "server/config_api/job_routes.h"

#include "server/config_api/config_routes.h"
#include "server/config_api/job_calls.h"

namespace millrace {

void AddJobRoutes(ConfigRoutes& routes, const Services& services) {
  const JobCalls calls(services);
  const auto post = [&](std::string_view path, ConfigCall call) {
    AddCall(routes, "POST", path, std::move(call));
  };
  constexpr std::pair<const char*, const char*> kStarts[] = {
      {"sync", "sync"}, {"reset", "reset_connection"}, {"clear", "clear"}};
  for (const auto& [path, config_type] : kStarts) {
    const std::string type = config_type;
    post(fmt::format("connections/{}", path),
         [calls, type](const Json& body, const Caller& caller) {
           return calls.Start(body, type, caller);
         });
    if (type == "sync") continue;
    post(fmt::format("connections/{}/stream", path),
         [calls, type](const Json& body, const Caller& caller) {
           return calls.StartStreams(body, type, caller);
         });
  }
  post("connections/refresh",
       [calls](const Json& body, const Caller& caller) { return calls.Refresh(body, caller); });

  post("jobs/get", [calls](const Json& body) { return calls.Get(body, true); });
  post("jobs/get_without_logs", [calls](const Json& body) { return calls.Get(body, false); });
  post("jobs/get_light", [calls](const Json& body) { return calls.GetLight(body); });
  post("jobs/get_debug_info", [calls](const Json& body) { return calls.GetDebugInfo(body); });
  post("jobs/list", [calls](const Json& body) { return calls.List(body); });
  // The guides send a GET with a body.
  AddCall(routes, "GET", "jobs/list", [calls](const Json& body) { return calls.List(body); });
  post("jobs/list_for_workspaces", [calls](const Json& body) { return calls.List(body); });
  post("jobs/cancel",
       [calls](const Json& body, const Caller& caller) { return calls.Cancel(body, caller); });
  post("jobs/get_last_replication_job",
       [calls](const Json& body) { return calls.GetLastReplicationJob(body); });
}

}  // namespace millrace
