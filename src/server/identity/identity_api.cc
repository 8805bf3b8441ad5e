#include "server/identity/identity_api.h"

#include <nlohmann/json.hpp>

#include "server/http/error_document.h"
#include "server/http/json_body.h"
#include "server/identity/application_calls.h"
#include "server/identity/instance_calls.h"
#include "server/identity/sign_in_calls.h"

namespace millrace {
namespace {

/// Where clients look for the token endpoint: the first is the config API's, the second the public
/// API's; the others are what clients make of a relative address.
constexpr const char* kTokenPaths[] = {"/api/v1/applications/token",
                                       "/api/public/v1/applications/token", "/applications/token",
                                       "/v1/applications/token"};

template <typename Calls>
Router::Handler To(const Calls& calls, HttpResponse (Calls::*call)(const HttpRequest&) const) {
  return [calls, call](const HttpRequest& request, const PathParameters&) {
    return (calls.*call)(request);
  };
}

void AddApplications(Router& router, const ApplicationCalls& calls) {
  for (const char* path : kTokenPaths) {
    router.Add("POST", path, To(calls, &ApplicationCalls::Token));
  }
  router.Add("POST", "/api/v1/applications/list", To(calls, &ApplicationCalls::List));
  router.Add("POST", "/api/v1/applications/create", To(calls, &ApplicationCalls::Create));
  router.Add("POST", "/api/v1/applications/delete",
             [calls](const HttpRequest& request, const PathParameters&) {
               const Json body = JsonBodyOf(request);
               return calls.Delete(
                   request, body.is_discarded() ? std::string() : TextOf(body, "applicationId"));
             });
  router.Add("GET", "/api/public/v1/applications", To(calls, &ApplicationCalls::List));
  router.Add("POST", "/api/public/v1/applications", To(calls, &ApplicationCalls::Create));
  const char* const one = "/api/public/v1/applications/{applicationId}";
  router.Add("GET", one, [calls](const HttpRequest& request, const PathParameters& captured) {
    return calls.Get(request, captured.at("applicationId"));
  });
  router.Add("DELETE", one, [calls](const HttpRequest& request, const PathParameters& captured) {
    return calls.Delete(request, captured.at("applicationId"));
  });
}

void AddSignIn(Router& router, const SignInCalls& calls) {
  router.Add("POST", "/api/login", To(calls, &SignInCalls::LogIn));
  router.Add("POST", "/api/logout", To(calls, &SignInCalls::LogOut));
  router.Add("POST", "/api/v1/users/change_password", To(calls, &SignInCalls::ChangePassword));
}

void AddInstance(Router& router, const InstanceCalls& calls) {
  for (const char* method : {"GET", "POST"}) {
    router.Add(method, "/api/v1/instance_configuration", To(calls, &InstanceCalls::Configuration));
  }
  router.Add("GET", "/api/v1/web_backend/config",
             To(calls, &InstanceCalls::WebBackendConfiguration));
  router.Add("POST", "/api/v1/instance_configuration/setup", To(calls, &InstanceCalls::SetUp));
  for (const char* path : {"get", "get_by_auth_id", "get_by_email"}) {
    router.Add("POST", fmt::format("/api/v1/users/{}", path), To(calls, &InstanceCalls::GetUser));
  }
  router.Add("POST", "/api/v1/organizations/get", To(calls, &InstanceCalls::GetOrganization));
  router.Add("POST", "/api/v1/organizations/list_by_user_id",
             To(calls, &InstanceCalls::ListOrganizations));
  router.Add("POST", "/api/v1/workspaces/get_organization_info",
             To(calls, &InstanceCalls::OrganizationOfWorkspace));
  router.Add("GET", "/api/public/v1/users", To(calls, &InstanceCalls::ListUsers));
  router.Add("GET", "/api/public/v1/organizations", To(calls, &InstanceCalls::PublicOrganizations));
}

}  // namespace

IdentityApi::IdentityApi(SqlDatabase& database, SignIn& sign_in, ApplicationAccess& applications) {
  AddSignIn(router_, SignInCalls(sign_in));
  AddApplications(router_, ApplicationCalls(applications));
  AddInstance(router_, InstanceCalls(database, sign_in));
}

std::optional<HttpResponse> IdentityApi::Handle(const HttpRequest& request) const {
  const Router::Match match = router_.Find(request);
  if (match.found == Router::Found::kHandler) {
    // Token endpoints say so in OAuth's words.
    if (request.path.back() != "token" && FieldsOf(request).is_discarded()) {
      return ErrorDocument(request, 400, "the request's body must be one JSON object");
    }
    return (*match.handler)(request, match.parameters);
  }
  if (match.found == Router::Found::kNothing) return std::nullopt;
  return OtherMethodDocument(request, match.allowed);
}

}  // namespace millrace
