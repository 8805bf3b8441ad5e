#include "server/public_api/tag_resource.h"

#include <nlohmann/json.hpp>

#include "control/store/workspaces.h"
#include "server/http/json_body.h"
#include "server/public_api/resource_routes.h"

namespace millrace {
namespace {

Json TagToPublic(const Json& tag) {
  return {{"tagId", TextOf(tag, "tagId")},
          {"name", TextOf(tag, "name")},
          {"color", TextOf(tag, "color")},
          {"workspaceId", TextOf(tag, "workspaceId")}};
}

HttpResponse SaidTag(const CallAnswer& answer) {
  if (!answer.ok()) return ProblemOf(answer.reply);
  return JsonResponse(200, TagToPublic(answer.document()));
}

}  // namespace

HttpResponse TagResource::List(const HttpRequest& request) const {
  if (Problem problem; !PublicPageOf(request, &problem)) return ProblemOf(problem);
  auto workspaces = WorkspacesAsked(context_, request);
  if (workspaces.ok() && workspaces->empty()) workspaces = AllWorkspaces();
  if (!workspaces.ok()) return ProblemOf(Failure(workspaces.status()));
  const auto tags = CallConfig(context_, "tags/list", {{"workspaceIds", *workspaces}});
  if (!tags.ok()) return ProblemOf(tags.reply);
  Json rows = Json::array();
  for (const Json& tag : tags.document()) rows.push_back(TagToPublic(tag));
  return JsonResponse(200, {{"data", std::move(rows)}});
}

Result<std::vector<std::string>> TagResource::AllWorkspaces() const {
  constexpr int64_t kMost = 10'000;
  std::vector<std::string> ids;
  MR_RETURN_IF_ERROR(context_.services.database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(const auto all, ListWorkspaces(transaction, {kMost, 0}));
    for (const Workspace& workspace : all) ids.push_back(workspace.id);
    return Status::Ok();
  }));
  return ids;
}

HttpResponse TagResource::Create(const HttpRequest& request) const {
  const auto body = DocumentOf(request);
  return body ? SaidTag(CallConfig(context_, "tags/create", *body)) : NoDocument();
}

HttpResponse TagResource::Get(const std::string& id) const {
  return SaidTag(CallConfig(context_, "tags/get", {{"tagId", id}}));
}

HttpResponse TagResource::Update(const HttpRequest& request, const std::string& id) const {
  auto body = DocumentOf(request);
  if (!body) return NoDocument();
  (*body)["tagId"] = id;
  return SaidTag(CallConfig(context_, "tags/update", *body));
}

HttpResponse TagResource::Delete(const std::string& id) const {
  const auto answer = CallConfig(context_, "tags/delete", {{"tagId", id}});
  return answer.ok() ? HttpResponse{204, "", "", {}} : ProblemOf(answer.reply);
}

void TagResource::AddTo(Router& router) const { AddResource(router, "/api/public/v1/tags", *this); }

}  // namespace millrace
