#include "server/config_api/config_api.h"

#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "server/config_api/actor_calls.h"
#include "server/config_api/builder_routes.h"
#include "server/config_api/config_routes.h"
#include "server/config_api/connection_routes.h"
#include "server/config_api/definition_calls.h"
#include "server/config_api/job_routes.h"
#include "server/config_api/request_fields.h"
#include "server/config_api/workspace_calls.h"
#include "server/http/error_document.h"
#include "server/http/json_body.h"

namespace millrace {
namespace {

/// What Airbyte has and this version has not: a path, or all below it.
constexpr std::string_view kNotYet[] = {
    "operations/",
    "notifications/",
    "permissions/",
    "user_invitations/",
    "groups/",
    "group_permissions/",
    "connector_builder_assist/",
    "source_oauths/",
    "destination_oauths/",
    "scoped_configuration/",
    "secret_storage/",
    "secrets_persistence_config/",
    "connector_rollout/",
    "dataplane_group/",
    "dataplanes/",
    "audit_logs/",
    "diagnostic_tool/",
    "sso_config/",
    "catalogs/diff",
    "web_backend/mappers/validate",
    "connections/events/backfill",
    "connections/postprocess_discovered_catalog",
};

HttpResponse ResponseOf(ApiReply reply) {
  if (!reply.text.empty()) return {reply.status, "application/json", std::move(reply.text), {}};
  if (reply.has_body) return JsonResponse(reply.status, *reply.body);
  return {reply.status, /*content_type=*/"", {}, {}};
}

HttpResponse Message(int status, const std::string& message) {
  return ResponseOf({status, Json{{"message", message}}});
}

void Add(ConfigRoutes& routes, std::string_view method, std::string_view path, ConfigCall handler) {
  const ConfigCall call = [handler = std::move(handler)](const Json& body, const Caller& caller) {
    const auto wrong = WrongFieldOf(body);
    return wrong ? Unprocessable(wrong->field, wrong->message) : handler(body, caller);
  };
  routes.calls.emplace(path, call);
  routes.router.Add(method, fmt::format("/api/v1/{}", path),
                    [call](const HttpRequest& request, const PathParameters& captured) {
                      Json body = JsonBodyOf(request);
                      if (body.is_discarded()) {
                        return Message(400, "the request's body must be one JSON object");
                      }
                      for (const auto& [name, value] : captured) body[name] = value;
                      return ResponseOf(call(body, {request.person_id}));
                    });
}

void Post(ConfigRoutes& routes, std::string_view path, ConfigCall call) {
  Add(routes, "POST", path, std::move(call));
}

void AddWorkspaces(ConfigRoutes& routes, const WorkspaceCalls& calls) {
  Post(routes, "workspaces/create", [calls](const Json& body) { return calls.Create(body); });
  Post(routes, "workspaces/get", [calls](const Json& body) { return calls.Get(body); });
  Post(routes, "workspaces/get_by_slug",
       [calls](const Json& body) { return calls.GetBySlug(body); });
  for (const char* path : {"workspaces/list", "workspaces/list_paginated",
                           "workspaces/list_by_organization_id", "workspaces/list_by_user_id"}) {
    Post(routes, path, [calls](const Json& body) { return calls.List(body); });
  }
  for (const char* path : {"workspaces/update", "workspaces/update_name"}) {
    Post(routes, path, [calls](const Json& body) { return calls.Update(body); });
  }
  Post(routes, "workspaces/delete",
       [calls](const Json& body, const Caller& caller) { return calls.Delete(body, caller); });
}

void AddDefinitions(ConfigRoutes& routes, const DefinitionCalls& calls, std::string_view kind) {
  for (const char* path : {"list", "list_latest", "list_for_workspace"}) {
    Post(routes, fmt::format("{}_definitions/{}", kind, path),
         [calls](const Json& body) { return calls.List(body); });
  }
  for (const char* path : {"get", "get_for_workspace"}) {
    Post(routes, fmt::format("{}_definitions/{}", kind, path),
         [calls](const Json& body) { return calls.Get(body); });
  }
  Post(routes, fmt::format("{}_definition_specifications/get", kind),
       [calls](const Json& body) { return calls.GetSpecification(body); });
}

void AddActors(ConfigRoutes& routes, const ActorCalls& calls, std::string_view kind) {
  const auto path = [kind](std::string_view call) { return fmt::format("{}s/{}", kind, call); };
  for (const std::string& create : {path("create"), fmt::format("{}s", kind)}) {
    Post(routes, create, [calls](const Json& body) { return calls.Create(body); });
  }
  Post(routes, path("get"), [calls](const Json& body) { return calls.Get(body); });
  for (const char* list : {"list", "list_paginated", "search"}) {
    Post(routes, path(list), [calls](const Json& body) { return calls.List(body); });
  }
  Post(routes, path("update"), [calls](const Json& body) { return calls.Update(body, false); });
  Post(routes, path("partial_update"),
       [calls](const Json& body) { return calls.Update(body, true); });
  Post(routes, path("delete"),
       [calls](const Json& body, const Caller& caller) { return calls.Delete(body, caller); });
  Post(routes, path("check_connection"), [calls](const Json& body) { return calls.Check(body); });
  for (const std::string& unsaved :
       {path("check_connection_for_update"), fmt::format("scheduler/{}s/check_connection", kind)}) {
    Post(routes, unsaved, [calls](const Json& body) { return calls.CheckUnsaved(body); });
  }
}

}  // namespace

void AddCall(ConfigRoutes& routes, std::string_view method, std::string_view path,
             ConfigCall call) {
  Add(routes, method, path, std::move(call));
}

ConfigApi::ConfigApi(const Services& services) {
  Add(routes_, "GET", "health", [&database = services.database](const Json&) {
    const bool there = database.CheckThere().ok();
    return ApiReply{there ? 200 : 503, Json{{"available", there}}};
  });
  AddWorkspaces(routes_, WorkspaceCalls(services));
  for (const ConnectorType kind : {ConnectorType::kSource, ConnectorType::kDestination}) {
    AddDefinitions(routes_, DefinitionCalls(services, kind), ToString(kind));
    AddActors(routes_, ActorCalls(services, kind), ToString(kind));
  }
  Post(routes_, "scheduler/sources/discover_schema",
       [calls = ActorCalls(services, ConnectorType::kSource)](const Json& body) {
         return calls.DiscoverUnsaved(body);
       });
  AddConnectionRoutes(routes_, services);
  AddJobRoutes(routes_, services);
  AddBuilderRoutes(routes_, services);
}

HttpResponse ConfigApi::Handle(const HttpRequest& request) const {
  const Router::Match match = routes_.router.Find(request);
  if (match.found == Router::Found::kHandler) return (*match.handler)(request, match.parameters);
  if (match.found == Router::Found::kOtherMethod) {
    return OtherMethodDocument(request, match.allowed);
  }
  const std::string path = fmt::format("{}", fmt::join(request.path, "/"));
  for (const std::string_view part : kNotYet) {
    const std::string prefix = fmt::format("api/v1/{}", part);
    if (path == prefix || (part.ends_with('/') && path.starts_with(prefix))) {
      return Message(501, fmt::format("this version has no {} yet", path.substr(7)));
    }
  }
  return Message(404, "there is no such path in this version's config API");
}

ApiReply ConfigApi::Call(std::string_view path, const Json& body, const Caller& caller) const {
  const auto found = routes_.calls.find(path);
  if (found != routes_.calls.end()) return found->second(body, caller);
  return {501, Json{{"message", fmt::format("this version has no {}", path)}}};
}

}  // namespace millrace
