#include "server/public_api/workspace_resource.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/store/workspaces.h"
#include "server/http/json_body.h"
#include "server/public_api/resource_routes.h"

namespace millrace {
namespace {

/// Where the public API's notifications are kept in a workspace's document.
constexpr const char* kNotifications = "publicNotifications";

/// Clients want a residency (there is one) and notifications, an object.
Json WorkspaceToPublic(const Json& workspace) {
  const Json notifications = workspace.value(kNotifications, Json());
  return {{"workspaceId", workspace.at("workspaceId")},
          {"name", workspace.at("name")},
          {"dataResidency", "auto"},
          {"notifications", notifications.is_object() ? notifications : Json::object()}};
}

HttpResponse SaidWorkspace(const CallAnswer& answer) {
  if (!answer.ok()) return ProblemOf(answer.reply);
  return JsonResponse(200, WorkspaceToPublic(answer.document()));
}

Json WorkspaceToConfig(const Json& body) {
  Json call = Json::object();
  if (const auto name = body.find("name"); name != body.end()) call["name"] = *name;
  if (const auto found = body.find("notifications"); found != body.end() && found->is_object()) {
    call[kNotifications] = *found;
  }
  return call;
}

}  // namespace

HttpResponse WorkspaceResource::List(const HttpRequest& request) const {
  Problem problem;
  const auto page = PublicPageOf(request, &problem);
  if (!page) return ProblemOf(problem);
  auto asked = WorkspacesAsked(context_, request);
  if (!asked.ok()) return ProblemOf(Failure(asked.status()));
  std::vector<Workspace> workspaces;
  const Status read = context_.services.database.Read([&](SqlTransaction& transaction) -> Status {
    if (asked->empty()) {
      MR_ASSIGN_OR_RETURN(workspaces, ListWorkspaces(transaction, {page->limit + 1, page->offset}));
      return Status::Ok();
    }
    const auto first = std::min<size_t>(static_cast<size_t>(page->offset), asked->size());
    const auto last = std::min<size_t>(first + static_cast<size_t>(page->limit) + 1, asked->size());
    for (size_t i = first; i < last; ++i) {
      MR_ASSIGN_OR_RETURN(auto workspace, FindWorkspace(transaction, (*asked)[i]));
      if (workspace) workspaces.push_back(*std::move(workspace));
    }
    return Status::Ok();
  });
  if (!read.ok()) return ProblemOf(Failure(read));
  Json rows = Json::array();
  for (const Workspace& workspace : workspaces) {
    Json document = *workspace.document;
    document["workspaceId"] = workspace.id;
    document["name"] = workspace.name;
    rows.push_back(WorkspaceToPublic(document));
  }
  return ListResponse(request, *page, std::move(rows));
}

HttpResponse WorkspaceResource::Create(const HttpRequest& request) const {
  const auto body = DocumentOf(request);
  if (!body) return NoDocument();
  return SaidWorkspace(CallConfig(context_, "workspaces/create", WorkspaceToConfig(*body)));
}

HttpResponse WorkspaceResource::Get(const std::string& id) const {
  return SaidWorkspace(CallConfig(context_, "workspaces/get", {{"workspaceId", id}}));
}

HttpResponse WorkspaceResource::Update(const HttpRequest& request, const std::string& id) const {
  const auto body = DocumentOf(request);
  if (!body) return NoDocument();
  Json call = WorkspaceToConfig(*body);
  call["workspaceId"] = id;
  return SaidWorkspace(CallConfig(context_, "workspaces/update", call));
}

HttpResponse WorkspaceResource::Delete(const HttpRequest& request, const std::string& id) const {
  const auto answer =
      CallConfig(context_, "workspaces/delete", {{"workspaceId", id}}, CallerOf(request));
  return answer.ok() ? HttpResponse{204, "", "", {}} : ProblemOf(answer.reply);
}

void WorkspaceResource::AddTo(Router& router) const {
  AddResource(router, "/api/public/v1/workspaces", *this);
}

}  // namespace millrace
