#include <mutex>

#include "base/secrets.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_path.h"
#include "declarative/requests/authenticator_makers.h"
#include "declarative/requests/http_requester.h"
#include "declarative/requests/iso_duration.h"
#include "declarative/requests/response_decoder.h"
#include "declarative/requests/token_provider.h"

namespace millrace {
namespace {

/// A token that a login gives, kept until it expires; without an expiry each use logs in anew.
class LoginToken final : public TokenProvider {
 public:
  explicit LoginToken(const EngineEnvironment& environment) : environment_(environment) {}

  Result<std::string> Token(std::stop_token stop) override {
    MR_ASSIGN_OR_RETURN(const PyValue token, Value(std::move(stop)));
    return PyStr(token);
  }
  /// The token as the API gave it: text or a number.
  Result<PyValue> Value(std::stop_token stop) {
    if (!lifetime) return LogIn(std::move(stop));
    std::lock_guard lock(mutex_);
    if (!expires_ || *expires_ < environment_.clock->WallNow()) {
      MR_ASSIGN_OR_RETURN(token_, LogIn(std::move(stop)));
      expires_ = environment_.clock->WallNow() + lifetime->span;
    }
    return token_;
  }

  std::unique_ptr<Requester> requester;
  std::unique_ptr<ResponseDecoder> decoder;
  PyPath path;
  std::optional<IsoDuration> lifetime;

 private:
  Result<PyValue> LogIn(std::stop_token stop) {
    MR_ASSIGN_OR_RETURN(const ApiReply reply, requester->Send({.stop = std::move(stop)}));
    if (reply.response == nullptr) {
      return PyError("ReadException",
                     "Failed to get session token, response got ignored by requester");
    }
    std::optional<PyValue> first;
    MR_RETURN_IF_ERROR(decoder->Decode(*reply.response, [&first](PyValue value) {
      if (!first) first = std::move(value);
      return Status::Ok();
    }));
    MR_ASSIGN_OR_RETURN(const PyValue token, path.Get(first.value_or(PyValue(PyDict()))));
    if (token.is_none()) {
      return PyError("ReadException", "Failed to get session token, token is None");
    }
    if (token.is_str()) Secrets::Register(token.str());
    return token;
  }

  const EngineEnvironment& environment_;
  std::mutex mutex_;
  PyValue token_;  // guarded by mutex_
  std::optional<WallTime> expires_;
};

/// A login's token within a template: "Token {{ session_token }}".
class WrappedLoginToken final : public TokenProvider {
 public:
  WrappedLoginToken(std::unique_ptr<LoginToken> login, InterpolatedString form,
                    const EngineEnvironment& environment)
      : login_(std::move(login)), form_(std::move(form)), environment_(environment) {}
  Result<std::string> Token(std::stop_token stop) override {
    MR_ASSIGN_OR_RETURN(const PyValue token, login_->Value(std::move(stop)));
    InterpolationContext context(*environment_.clock, environment_.config);
    context.Set("session_token", token);
    return form_.EvaluateText(context);
  }

 private:
  const std::unique_ptr<LoginToken> login_;
  const InterpolatedString form_;
  const EngineEnvironment& environment_;
};

}  // namespace

Result<std::unique_ptr<Authenticator>> MakeSessionTokenAuthenticator(
    const Component& component, const EngineEnvironment& environment,
    const AuthenticatorOwner& owner) {
  auto login = std::make_unique<LoginToken>(environment);
  MR_ASSIGN_OR_RETURN(const auto decoder, component.ChildIf("decoder"));
  login->decoder = MakeJsonDecoder();
  if (decoder) {
    MR_ASSIGN_OR_RETURN(login->decoder, MakeResponseDecoder(*decoder, environment));
  }
  MR_ASSIGN_OR_RETURN(const Component requester, component.Child("login_requester"));
  MR_ASSIGN_OR_RETURN(login->requester,
                      MakeHttpRequester(requester, environment,
                                        {.resources = owner.resources,
                                         .name = owner.name + "_login_requester",
                                         .stream_response = login->decoder->streams(),
                                         .purpose = {.stream = {},
                                                     .title = "Login request",
                                                     .description = "Asks for a session token",
                                                     .type = "AUTH",
                                                     .auxiliary = true}}));
  MR_ASSIGN_OR_RETURN(const auto path, component.TextList("session_token_path"));
  login->path = PyPath(path);
  MR_ASSIGN_OR_RETURN(const std::string lifetime, component.TextOr("expiration_duration", ""));
  if (!lifetime.empty()) {
    login->lifetime = ParseIsoDuration(lifetime);
    if (!login->lifetime) {
      return component.FieldError("expiration_duration", "expected an ISO 8601 duration, as PT1H");
    }
  }
  MR_ASSIGN_OR_RETURN(const Component use, component.Child("request_authentication"));
  if (use.type() == "Bearer") return MakeBearerOf(std::move(login));
  MR_ASSIGN_OR_RETURN(const Component place, use.Child("inject_into"));
  MR_ASSIGN_OR_RETURN(RequestOption option, RequestOption::Make(place));
  MR_ASSIGN_OR_RETURN(const std::string form, use.TextOr("api_token", ""));
  return MakeKeyAuthenticator(
      std::make_unique<WrappedLoginToken>(
          std::move(login),
          InterpolatedString(form.empty() ? "{{ session_token }}" : form, component.parameters()),
          environment),
      std::move(option), environment);
}

}  // namespace millrace
