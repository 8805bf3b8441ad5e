#include "base/secrets.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_json.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/requests/api_resources.h"
#include "declarative/requests/authenticator_makers.h"
#include "declarative/requests/exchange_watch.h"
#include "declarative/requests/prepared_request.h"

namespace millrace {
namespace {

constexpr int64_t kSessionSeconds = 86'400;

/// A session token from the configuration, checked before each use; or one that user name and
/// password give, which is kept for a day.
class LegacySessionToken final : public Authenticator {
 public:
  LegacySessionToken(const EngineEnvironment& environment, ApiResources* resources)
      : environment_(environment), resources_(resources) {}

  Result<PyValue> Header(std::stop_token stop) override {
    MR_ASSIGN_OR_RETURN(const std::string name, Text(header));
    if (name.empty()) return PyValue(PyDict());
    MR_ASSIGN_OR_RETURN(std::string token, Token(std::move(stop)));
    return PyValue(PyDict({{PyValue(name), PyValue(std::move(token))}}));
  }

  Result<std::string> Token(std::stop_token stop) override {
    MR_ASSIGN_OR_RETURN(const std::string given, Text(session_token));
    if (!given.empty()) {
      MR_ASSIGN_OR_RETURN(const bool valid, IsValid(given, stop));
      if (valid) return given;
    }
    MR_ASSIGN_OR_RETURN(const std::string name, Text(username));
    MR_ASSIGN_OR_RETURN(const std::string secret, Text(password));
    if (name.empty() || secret.empty()) {
      return PyError("ConnectionError",
                     "Invalid credentials: session token is not valid or provide username and "
                     "password");
    }
    return LogIn(name, secret, stop);
  }

  InterpolatedString api_url, header, session_token, response_key, username, password, login_url,
      validate_url;

 private:
  void Show(const ApiRequest& request, const ApiResponse& response) const {
    if (environment_.watch == nullptr) return;
    environment_.watch->Exchanged({.stream = {},
                                   .title = "Login request",
                                   .description = "Asks for a session token, or whether one holds",
                                   .type = "AUTH",
                                   .auxiliary = true},
                                  request, response);
  }

  Result<std::string> Text(const InterpolatedString& text) const {
    const InterpolationContext context(*environment_.clock, environment_.config);
    return text.EvaluateText(context);
  }

  Result<bool> IsValid(const std::string& token, const std::stop_token& stop) const {
    MR_ASSIGN_OR_RETURN(const std::string base, Text(api_url));
    MR_ASSIGN_OR_RETURN(const std::string path, Text(validate_url));
    MR_ASSIGN_OR_RETURN(const std::string name, Text(header));
    RequestOptions options;
    options.headers = PyDict({{PyValue(name), PyValue(token)}});
    MR_ASSIGN_OR_RETURN(const ApiRequest request, PrepareRequest("GET", base + path, options));
    MR_ASSIGN_OR_RETURN(const auto response, environment_.transport->Send(request, nullptr, stop));
    Show(request, *response);
    if (response->ok()) return true;
    if (response->status == 401) return false;
    return PyError("ConnectionError", fmt::format("Error while validating session token: status {}",
                                                  response->status));
  }

  Result<std::string> LogIn(const std::string& name, const std::string& secret,
                            const std::stop_token& stop) {
    MR_ASSIGN_OR_RETURN(const std::string base, Text(api_url));
    MR_ASSIGN_OR_RETURN(const std::string path, Text(login_url));
    MR_ASSIGN_OR_RETURN(const std::string key, Text(response_key));
    const int64_t now = std::chrono::duration_cast<std::chrono::seconds>(
                            environment_.clock->WallNow().time_since_epoch())
                            .count();
    const std::string asked = base + path + "\n" + name + "\n" + secret + "\n" + key;
    std::unique_lock lock(resources_->sessions_mutex);
    const auto known = resources_->sessions.find(asked);
    if (known != resources_->sessions.end() && known->second.expires_s > now) {
      return known->second.token;
    }
    RequestOptions options;
    options.headers = PyDict({{"Content-Type", "application/json"}});
    options.body_json = PyDict({{"username", PyValue(name)}, {"password", PyValue(secret)}});
    MR_ASSIGN_OR_RETURN(const ApiRequest request, PrepareRequest("POST", base + path, options));
    MR_ASSIGN_OR_RETURN(const auto response, environment_.transport->Send(request, nullptr, stop));
    Show(request, *response);
    if (!response->ok()) {
      return PyError("HTTPError", fmt::format("the login for a session token was answered with {}",
                                              response->status));
    }
    MR_ASSIGN_OR_RETURN(const PyValue json,
                        ParsePyJson(std::string_view(response->body), PyJsonDialect::kPython));
    const PyValue* token = json.Find(key);
    if (token == nullptr) return PyError("KeyError", PyRepr(PyValue(key)));
    Secrets::Register(PyStr(*token));
    resources_->sessions[asked] = {PyStr(*token), now + kSessionSeconds};
    return PyStr(*token);
  }

  const EngineEnvironment& environment_;
  ApiResources* const resources_;
};

}  // namespace

Result<std::unique_ptr<Authenticator>> MakeLegacySessionTokenAuthenticator(
    const Component& component, const EngineEnvironment& environment,
    const AuthenticatorOwner& owner) {
  if (owner.resources == nullptr) return component.Error("it has no place to keep its sessions");
  auto authenticator = std::make_unique<LegacySessionToken>(environment, owner.resources);
  authenticator->api_url = InterpolatedString(owner.url_base, component.parameters());
  MR_ASSIGN_OR_RETURN(authenticator->header, component.Template("header"));
  MR_ASSIGN_OR_RETURN(authenticator->session_token, component.Template("session_token"));
  MR_ASSIGN_OR_RETURN(authenticator->response_key,
                      component.Template("session_token_response_key"));
  MR_ASSIGN_OR_RETURN(authenticator->username, component.Template("username"));
  MR_ASSIGN_OR_RETURN(authenticator->password, component.Template("password"));
  MR_ASSIGN_OR_RETURN(authenticator->login_url, component.Template("login_url"));
  MR_ASSIGN_OR_RETURN(authenticator->validate_url, component.Template("validate_session_url"));
  return std::unique_ptr<Authenticator>(std::move(authenticator));
}

}  // namespace millrace
