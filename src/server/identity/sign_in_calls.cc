#include "server/identity/sign_in_calls.h"

#include <nlohmann/json.hpp>

#include "server/http/error_document.h"
#include "server/http/json_body.h"
#include "server/identity/request_credentials.h"
#include "server/identity/request_gate.h"

namespace millrace {

HttpResponse SignInCalls::LogIn(const HttpRequest& request) const {
  const Json fields = FieldsOf(request);
  if (fields.is_discarded()) {
    return ErrorDocument(request, 400, "send {\"username\", \"password\"}, or a form of both");
  }
  std::string email = TextOf(fields, "username");
  if (email.empty()) email = TextOf(fields, "email");
  const auto answer = sign_in_.WithPassword(email, TextOf(fields, "password"), request.peer);
  if (!answer.ok()) return IdentityFailure(request, answer.status());
  if (answer->wait.count() > 0) return TooManyFailures(request, answer->wait);
  if (!answer->person) return Unauthorized(request, "wrong e-mail or password");
  const Person& person = *answer->person;
  const auto session = sign_in_.OpenSession(person.id);
  if (!session.ok()) return IdentityFailure(request, session.status());
  HttpResponse response = JsonResponse(200, {{"userId", person.id},
                                             {"email", person.email},
                                             {"name", person.name},
                                             {"mustChangePassword", person.must_change_password}});
  response.headers.push_back(SessionCookie(request, *session));
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

HttpResponse SignInCalls::LogOut(const HttpRequest& request) const {
  if (const std::string session = SessionOf(request); !session.empty()) {
    const Status closed = sign_in_.CloseSession(session);
    if (!closed.ok()) return IdentityFailure(request, closed);
  }
  return {204, "", "", {SessionCookie(request, "")}};
}

HttpResponse SignInCalls::ChangePassword(const HttpRequest& request) const {
  const Json fields = JsonBodyOf(request);
  if (fields.is_discarded()) {
    return ErrorDocument(request, 400, "the request's body must be one JSON object");
  }
  for (const char* field : {"currentPassword", "newPassword"}) {
    if (TextOf(fields, field).empty()) {
      return ErrorDocument(request, 422, fmt::format("{} is missing", field));
    }
  }
  const auto answer =
      sign_in_.ChangePassword(request.person_id, TextOf(fields, "currentPassword"),
                              TextOf(fields, "newPassword"), SessionOf(request), request.peer);
  if (!answer.ok()) return IdentityFailure(request, answer.status());
  if (answer->wait.count() > 0) return TooManyFailures(request, answer->wait);
  if (!answer->person) return ErrorDocument(request, 403, "the current password is wrong");
  return {204, "", "", {}};
}

}  // namespace millrace
