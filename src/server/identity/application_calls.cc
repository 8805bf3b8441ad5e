#include "server/identity/application_calls.h"

#include <nlohmann/json.hpp>

#include "base/secrets.h"
#include "server/http/error_document.h"
#include "server/http/json_body.h"
#include "server/identity/request_credentials.h"
#include "server/identity/request_gate.h"

namespace millrace {
namespace {

Json ApplicationJson(const Application& application, std::string_view client_secret) {
  return {{"id", application.id},
          {"name", application.name},
          {"clientId", application.client_id},
          {"clientSecret", client_secret},
          {"createdAt", application.created_at / 1'000'000}};
}

HttpResponse NoApplication(const HttpRequest& request, const std::string& id) {
  return ErrorDocument(request, 404, fmt::format("there is no application with the id {}", id));
}

/// RFC 6749 §5.2, and the message that the other errors have.
HttpResponse TokenError(int status, const char* error, const char* message) {
  return JsonResponse(status,
                      {{"error", error}, {"error_description", message}, {"message", message}});
}

}  // namespace

HttpResponse ApplicationCalls::List(const HttpRequest& request) const {
  const auto applications = applications_.List(request.person_id);
  if (!applications.ok()) return IdentityFailure(request, applications.status());
  Json list = Json::array();
  for (const Application& application : *applications) {
    list.push_back(ApplicationJson(application, kSecretMask));
  }
  return JsonResponse(200, {{"applications", std::move(list)}});
}

HttpResponse ApplicationCalls::Create(const HttpRequest& request) const {
  const Json body = JsonBodyOf(request);
  if (body.is_discarded()) {
    return ErrorDocument(request, 400, "the request's body must be one JSON object");
  }
  const auto created = applications_.Create(request.person_id, TextOf(body, "name"));
  if (!created.ok()) return IdentityFailure(request, created.status());
  return JsonResponse(200, ApplicationJson(created->application, created->client_secret));
}

HttpResponse ApplicationCalls::Get(const HttpRequest& request, const std::string& id) const {
  const auto application = applications_.Find(request.person_id, id);
  if (!application.ok()) return IdentityFailure(request, application.status());
  if (!*application) return NoApplication(request, id);
  return JsonResponse(200, ApplicationJson(**application, kSecretMask));
}

HttpResponse ApplicationCalls::Delete(const HttpRequest& request, const std::string& id) const {
  const auto application = applications_.Delete(request.person_id, id);
  if (!application.ok()) return IdentityFailure(request, application.status());
  if (!*application) return NoApplication(request, id);
  return JsonResponse(200, ApplicationJson(**application, kSecretMask));
}

HttpResponse ApplicationCalls::Token(const HttpRequest& request) const {
  const Json fields = FieldsOf(request);
  if (fields.is_discarded()) {
    return TokenError(400, "invalid_request",
                      "send client_id and client_secret, as a form or JSON");
  }
  for (const char* field : {"grant_type", "grant-type"}) {
    const std::string grant = TextOf(fields, field);
    if (!grant.empty() && grant != "client_credentials") {
      return TokenError(400, "unsupported_grant_type", "the grant type must be client_credentials");
    }
  }
  std::string client_id = TextOf(fields, "client_id");
  std::string client_secret = TextOf(fields, "client_secret");
  if (client_id.empty()) {
    const RequestCredentials basic = CredentialsOf(request);
    client_id = basic.name;
    client_secret = basic.secret;
  }
  const auto grant = applications_.GrantToken(client_id, client_secret, request.peer);
  if (!grant.ok()) return IdentityFailure(request, grant.status());
  if (grant->wait.count() > 0) return TooManyFailures(request, grant->wait);
  if (grant->access_token.empty()) {
    return TokenError(401, "invalid_client", "wrong client id or client secret");
  }
  HttpResponse response = JsonResponse(200, {{"access_token", grant->access_token},
                                             {"token_type", "Bearer"},
                                             {"expires_in", AccessTokens::kLife.count()}});
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

}  // namespace millrace
