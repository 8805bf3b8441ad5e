#include "server/config_api/workspace_calls.h"

#include <nlohmann/json.hpp>

#include "base/uuid.h"
#include "control/store/workspaces.h"
#include "server/config_api/request_fields.h"
#include "server/config_api/request_workspace.h"

namespace millrace {
namespace {

/// Fields that are kept as they were sent.
constexpr const char* kKeptFields[] = {
    "email",          "displaySetupWizard", "initialSetupComplete", "anonymousDataCollection",
    "news",           "securityUpdates",    "notifications",        "notificationSettings",
    "webhookConfigs", "publicNotifications"};

/// Letters, digits and single hyphens.
std::string SlugOf(std::string_view name) {
  std::string slug;
  for (const char c : name) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool plain = upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (plain) {
      slug += upper ? static_cast<char>(c - 'A' + 'a') : c;
    } else if (!slug.empty() && slug.back() != '-') {
      slug += '-';
    }
  }
  while (slug.ends_with('-')) slug.pop_back();
  return slug.empty() ? "workspace" : slug;
}

Json WorkspaceJson(const Workspace& workspace) {
  Json json{{"workspaceId", workspace.id},
            {"customerId", workspace.id},
            {"name", workspace.name},
            {"slug", workspace.slug},
            {"organizationId", kOrganizationId},
            {"initialSetupComplete", true},
            {"displaySetupWizard", false},
            {"anonymousDataCollection", false},
            {"notifications", Json::array()},
            {"notificationSettings", Json::object()},
            {"createdAt", Seconds(workspace.created_at)},
            {"tombstone", false}};
  json.update(*workspace.document);
  return json;
}

Json Merged(Json document, const Json& body) {
  for (const char* field : kKeptFields) {
    if (const auto found = body.find(field); found != body.end()) document[field] = *found;
  }
  return document;
}

/// Inserts it under the first free slug.
Status Insert(SqlTransaction& transaction, Workspace* workspace) {
  constexpr int kSlugsMax = 1'000;
  const std::string slug = SlugOf(workspace->name);
  for (int i = 1; i <= kSlugsMax; ++i) {
    workspace->slug = i == 1 ? slug : fmt::format("{}-{}", slug, i);
    MR_ASSIGN_OR_RETURN(const auto taken, FindWorkspaceBySlug(transaction, workspace->slug));
    if (!taken) return InsertWorkspace(transaction, *workspace);
  }
  return ConfigError("there are too many workspaces of this name: choose another one");
}

}  // namespace

Status WorkspaceCalls::EnsureDefault(const Services& services) {
  return services.database.Write([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(const auto found, DefaultWorkspace(transaction));
    if (found) return Status::Ok();
    Workspace workspace{RandomUuid(),   "Default Workspace", {},
                        Json::object(), services.Now(),      services.Now()};
    return Insert(transaction, &workspace);
  });
}

ApiReply WorkspaceCalls::Create(const Json& body) const {
  Workspace workspace;
  workspace.name = TextOf(body, "name");
  if (workspace.name.empty()) return Unprocessable("name", "a workspace needs a name");
  workspace.id = RandomUuid();
  workspace.document = Merged(Json::object(), body);
  workspace.created_at = workspace.updated_at = services_.Now();
  const Status made = services_.database.Write(
      [&](SqlTransaction& transaction) { return Insert(transaction, &workspace); });
  return made.ok() ? ApiReply{200, WorkspaceJson(workspace)} : Failure(made);
}

ApiReply WorkspaceCalls::Get(const Json& body) const {
  return WithWorkspace(services_, body, [](const Workspace& workspace) {
    return ApiReply{200, WorkspaceJson(workspace)};
  });
}

ApiReply WorkspaceCalls::GetBySlug(const Json& body) const {
  std::optional<Workspace> workspace;
  const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(workspace, FindWorkspaceBySlug(transaction, TextOf(body, "slug")));
    return Status::Ok();
  });
  if (!read.ok()) return Failure(read);
  if (TextOf(body, "slug").empty()) return Unprocessable("slug", "slug is missing");
  if (!workspace) return NotFound("workspace", TextOf(body, "slug"));
  return {200, WorkspaceJson(*workspace)};
}

ApiReply WorkspaceCalls::List(const Json& body) const {
  Json list = Json::array();
  const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(const auto workspaces, ListWorkspaces(transaction, PageOf(body)));
    for (const Workspace& workspace : workspaces) list.push_back(WorkspaceJson(workspace));
    return Status::Ok();
  });
  if (!read.ok()) return Failure(read);
  return {200, Json{{"workspaces", std::move(list)}}};
}

ApiReply WorkspaceCalls::Update(const Json& body) const {
  std::optional<Workspace> workspace;
  const Status written = services_.database.Write([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(workspace, WorkspaceOf(transaction, body));
    if (!workspace) return Status::Ok();
    if (const std::string name = TextOf(body, "name"); !name.empty()) workspace->name = name;
    workspace->document = Merged(*workspace->document, body);
    workspace->updated_at = services_.Now();
    return UpdateWorkspace(transaction, *workspace);
  });
  if (!written.ok()) return Failure(written);
  if (!workspace) return NotFound("workspace", TextOf(body, "workspaceId"));
  return {200, WorkspaceJson(*workspace)};
}

ApiReply WorkspaceCalls::Delete(const Json& body, const Caller& caller) const {
  const std::string id = TextOf(body, "workspaceId");
  bool found = false;
  const Status written = services_.database.Write([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(const auto workspace, FindWorkspace(transaction, id));
    found = workspace.has_value();
    if (!found) return Status::Ok();
    ConnectionFilter its;
    its.workspace_id = id;
    MR_RETURN_IF_ERROR(services_.jobs.CancelActiveOf(transaction, its, caller.person_id));
    return DeleteWorkspace(transaction, id, services_.Now());
  });
  if (!written.ok()) return Failure(written);
  services_.jobs.Wake();
  return found ? NoContent() : NotFound("workspace", id);
}

}  // namespace millrace
