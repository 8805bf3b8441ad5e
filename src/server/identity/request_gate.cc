#include "server/identity/request_gate.h"

#include "base/log.h"
#include "server/http/error_document.h"
#include "server/identity/request_credentials.h"
#include "server/identity/request_origin.h"

namespace millrace {

struct RequestGate::Caller {
  std::optional<Person> person;
  bool trusted = false;  ///< needs no credentials
};

bool RequestGate::Trusted(const HttpRequest& request) const {
  return rules_.loopback_only && !rules_.always && request.from_loopback &&
         !CameThroughProxy(request);
}

std::optional<HttpResponse> RequestGate::Identify(const HttpRequest& request,
                                                  Caller* caller) const {
  using Kind = RequestCredentials::Kind;
  const RequestCredentials credentials = CredentialsOf(request);
  switch (credentials.kind) {
    case Kind::kUnknown:
      return Unauthorized(request, "the Authorization header is neither Basic nor Bearer");
    case Kind::kBasic: {
      auto answer = sign_in_.WithPassword(credentials.name, credentials.secret, request.peer);
      if (!answer.ok()) return IdentityFailure(request, answer.status());
      if (answer->wait.count() > 0) return TooManyFailures(request, answer->wait);
      if (!answer->person) return Unauthorized(request, "wrong e-mail or password");
      caller->person = std::move(answer->person);
      return std::nullopt;
    }
    case Kind::kBearer: {
      auto person = applications_.OfToken(credentials.secret);
      if (!person.ok()) return IdentityFailure(request, person.status());
      if (!*person) return Unauthorized(request, "the access token is wrong or has expired");
      caller->person = *std::move(person);
      return std::nullopt;
    }
    case Kind::kNone:
      break;
  }
  if (const std::string session = SessionOf(request); !session.empty()) {
    auto person = sign_in_.OfSession(session);
    if (!person.ok()) return IdentityFailure(request, person.status());
    // One that has ended is as if it weren't sent: the browser can't know.
    caller->person = *std::move(person);
  }
  if (caller->person || !caller->trusted) return std::nullopt;
  auto first = sign_in_.First();
  if (!first.ok()) return IdentityFailure(request, first.status());
  caller->person = *std::move(first);
  return std::nullopt;
}

std::optional<HttpResponse> RequestGate::Admit(HttpRequest* request) const {
  if (const std::string why = ForeignOrigin(*request, rules_.loopback_only, rules_.public_names);
      !why.empty()) {
    return ErrorDocument(*request, 403, why);
  }
  const Permission permission = PermissionFor(*request);
  // Whoever asks for a token may well send an old one.
  if (permission == Permission::kNothing) return std::nullopt;
  Caller caller;
  caller.trusted = Trusted(*request);
  if (auto refusal = Identify(*request, &caller)) return refusal;
  if (!caller.person) return Unauthorized(*request, "sign in first");
  if (caller.person->must_change_password && CameThroughProxy(*request)) {
    return ErrorDocument(*request, 403,
                         "the first password opens nothing through a proxy: change it on the "
                         "server's own machine, or start the server with MILLRACE_ADMIN_PASSWORD");
  }
  if (caller.person->must_change_password && !caller.trusted &&
      permission != Permission::kChangePassword) {
    return ErrorDocument(*request, 403,
                         "the first password must be changed before anything else: POST "
                         "/api/v1/users/change_password {\"currentPassword\", \"newPassword\"}");
  }
  if (!MayDo(*caller.person, permission)) {
    return ErrorDocument(*request, 403, "you may not do that here");
  }
  request->person_id = caller.person->id;
  return std::nullopt;
}

HttpResponse Unauthorized(const HttpRequest& request, const std::string& message) {
  HttpResponse response = ErrorDocument(request, 401, message);
  const bool from_page = request.headers.contains("sec-fetch-mode");
  response.headers.emplace_back("WWW-Authenticate", from_page ? "Bearer"
                                                              : "Basic realm=\"Millrace\", "
                                                                "charset=\"UTF-8\"");
  return response;
}

HttpResponse TooManyFailures(const HttpRequest& request, std::chrono::seconds wait) {
  HttpResponse response = ErrorDocument(
      request, 429,
      fmt::format("too many failed tries to sign in: try again in {} s", wait.count()));
  response.headers.emplace_back("Retry-After", std::to_string(wait.count()));
  return response;
}

HttpResponse IdentityFailure(const HttpRequest& request, const Status& status) {
  if (!status.failed()) return ErrorDocument(request, 500, "the call was given up");
  const Error& error = status.error();
  if (error.type == FailureType::kConfigError) return ErrorDocument(request, 422, error.message);
  Log(LogLevel::kError, "a call failed: {} ({})", error.message, error.internal);
  const bool transient = error.type == FailureType::kTransientError;
  return ErrorDocument(request, transient ? 503 : 500,
                       transient ? error.message : "the server failed: see its log");
}

}  // namespace millrace
