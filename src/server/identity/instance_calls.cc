#include "server/identity/instance_calls.h"

#include <nlohmann/json.hpp>

#include "control/store/workspaces.h"
#include "server/http/error_document.h"
#include "server/http/json_body.h"
#include "server/identity/identity_api.h"
#include "server/identity/request_gate.h"

namespace millrace {
namespace {

constexpr const char* kEdition = "community";
constexpr const char* kOrganizationName = "Default Organization";

Json OrganizationJson(const Person& person) {
  return {{"organizationId", kOrganizationId},
          {"organizationName", kOrganizationName},
          {"email", person.email}};
}

Json UserJson(const Person& person) {
  return {{"userId", person.id}, {"authUserId", person.id},   {"authProvider", "airbyte"},
          {"name", person.name}, {"email", person.email},     {"status", "registered"},
          {"news", false},       {"metadata", Json::object()}};
}

}  // namespace

HttpResponse InstanceCalls::Configuration(const HttpRequest& request) const {
  std::optional<Workspace> workspace;
  const Status read = database_.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(workspace, DefaultWorkspace(transaction));
    return Status::Ok();
  });
  if (!read.ok()) return IdentityFailure(request, read);
  const auto first = sign_in_.First();
  if (!first.ok()) return IdentityFailure(request, first.status());
  const auto set_up = sign_in_.IsSetUp();
  if (!set_up.ok()) return IdentityFailure(request, set_up.status());
  Json json{{"edition", kEdition},
            {"version", MILLRACE_VERSION},
            {"auth", {{"mode", "simple"}}},
            {"airbyteUrl",
             fmt::format("{}://{}", request.secure ? "https" : "http", request.Header("host"))},
            {"initialSetupComplete", *set_up},
            {"defaultUserId", first->id},
            {"defaultOrganizationId", kOrganizationId},
            {"trackingStrategy", "logging"}};
  if (workspace) json["defaultWorkspaceId"] = workspace->id;
  return JsonResponse(200, json);
}

HttpResponse InstanceCalls::WebBackendConfiguration(const HttpRequest&) const {
  return JsonResponse(200, {{"edition", kEdition}, {"version", MILLRACE_VERSION}});
}

HttpResponse InstanceCalls::SetUp(const HttpRequest& request) const {
  const Json body = JsonBodyOf(request);
  if (body.is_discarded()) {
    return ErrorDocument(request, 400, "the request's body must be one JSON object");
  }
  if (TextOf(body, "email").empty()) return ErrorDocument(request, 422, "email is missing");
  const Status set_up = sign_in_.SetUp(TextOf(body, "email"), TextOf(body, "userName"));
  if (!set_up.ok()) return IdentityFailure(request, set_up);
  return Configuration(request);
}

HttpResponse InstanceCalls::GetUser(const HttpRequest& request) const {
  const Json body = JsonBodyOf(request);
  if (body.is_discarded()) {
    return ErrorDocument(request, 400, "the request's body must be one JSON object");
  }
  std::string id = TextOf(body, "userId");
  if (id.empty()) id = TextOf(body, "authUserId");
  const std::string email = TextOf(body, "email");
  if (id.empty() && email.empty()) return ErrorDocument(request, 422, "userId is missing");
  const auto person = id.empty() ? sign_in_.FindByEmail(email) : sign_in_.Find(id);
  if (!person.ok()) return IdentityFailure(request, person.status());
  if (!*person) {
    return ErrorDocument(request, 404, fmt::format("there is no user {}", id.empty() ? email : id));
  }
  return JsonResponse(200, UserJson(**person));
}

HttpResponse InstanceCalls::ListUsers(const HttpRequest& request) const {
  const auto person = sign_in_.First();
  if (!person.ok()) return IdentityFailure(request, person.status());
  return JsonResponse(
      200,
      {{"data",
        Json::array({{{"id", person->id}, {"name", person->name}, {"email", person->email}}})}});
}

HttpResponse InstanceCalls::GetOrganization(const HttpRequest& request) const {
  const Json body = JsonBodyOf(request);
  const std::string id = body.is_discarded() ? std::string() : TextOf(body, "organizationId");
  if (id != kOrganizationId) {
    return ErrorDocument(request, 404, fmt::format("there is no organization with the id {}", id));
  }
  const auto person = sign_in_.First();
  if (!person.ok()) return IdentityFailure(request, person.status());
  return JsonResponse(200, OrganizationJson(*person));
}

HttpResponse InstanceCalls::ListOrganizations(const HttpRequest& request) const {
  const auto person = sign_in_.First();
  if (!person.ok()) return IdentityFailure(request, person.status());
  return JsonResponse(200, {{"organizations", Json::array({OrganizationJson(*person)})}});
}

HttpResponse InstanceCalls::OrganizationOfWorkspace(const HttpRequest& request) const {
  const Json body = JsonBodyOf(request);
  const std::string id = body.is_discarded() ? std::string() : TextOf(body, "workspaceId");
  std::optional<Workspace> workspace;
  const Status read = database_.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(workspace, id == "default" ? DefaultWorkspace(transaction)
                                                   : FindWorkspace(transaction, id));
    return Status::Ok();
  });
  if (!read.ok()) return IdentityFailure(request, read);
  if (!workspace) {
    return ErrorDocument(request, 404, fmt::format("there is no workspace with the id {}", id));
  }
  return JsonResponse(200, {{"organizationId", kOrganizationId},
                            {"organizationName", kOrganizationName},
                            {"sso", false}});
}

HttpResponse InstanceCalls::PublicOrganizations(const HttpRequest& request) const {
  const auto person = sign_in_.First();
  if (!person.ok()) return IdentityFailure(request, person.status());
  return JsonResponse(200, {{"data", Json::array({OrganizationJson(*person)})}});
}

}  // namespace millrace
