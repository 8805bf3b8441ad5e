#include <algorithm>
#include <cmath>
#include <mutex>
#include <random>

#include "base/secrets.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_json.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/requests/api_resources.h"
#include "declarative/requests/authenticator_makers.h"
#include "declarative/requests/flexible_time.h"
#include "declarative/requests/oauth_refresh.h"
#include "declarative/requests/oauth_settings.h"
#include "declarative/requests/oauth_tokens.h"

namespace millrace {
namespace {

/// Bearer tokens of an OAuth 2.0 server, fetched when there is none or it has expired. The tokens
/// lie in memory, or in the configuration where the server gives a new refresh token each time.
class OauthAuthenticator final : public Authenticator {
 public:
  OauthAuthenticator(const EngineEnvironment& environment, ApiResources* resources,
                     OauthRefresh refresh, std::unique_ptr<OauthTokens> tokens)
      : environment_(environment),
        resources_(resources),
        refresh_(std::move(refresh)),
        tokens_(std::move(tokens)) {}

  Result<PyValue> Header(std::stop_token stop) override {
    MR_ASSIGN_OR_RETURN(std::string token, Token(std::move(stop)));
    return PyValue(PyDict({{"Authorization", PyValue(std::move(token))}}));
  }
  Result<std::string> Token(std::stop_token stop) override {
    MR_ASSIGN_OR_RETURN(const std::string token, AccessToken(std::move(stop)));
    return "Bearer " + token;
  }
  bool can_refresh() const override { return refresh_.settings().has_endpoint; }
  Status Refresh(std::stop_token stop) override {
    const std::optional<std::string> before = tokens_->access_token();
    std::lock_guard lock(resources_->oauth_refresh);
    // Another thread may have fetched one while this one waited.
    if (tokens_->access_token() != before) return Status::Ok();
    return Fetch(std::move(stop));
  }

 private:
  Result<std::string> AccessToken(std::stop_token stop) {
    std::optional<std::string> token = tokens_->access_token();
    if (!refresh_.settings().has_endpoint) {
      if (!token) return PyError("ValueError", "access_token is not set");
      return *token;
    }
    MR_ASSIGN_OR_RETURN(bool expired, tokens_->Expired());
    if (expired) {
      std::lock_guard lock(resources_->oauth_refresh);
      MR_ASSIGN_OR_RETURN(expired, tokens_->Expired());
      if (expired) MR_RETURN_IF_ERROR(Fetch(std::move(stop)));
    }
    token = tokens_->access_token();
    if (!token) return PyError("ValueError", "access_token is not set");
    return *token;
  }

  /// Requires resources_->oauth_refresh.
  Status Fetch(std::stop_token stop) {
    MR_ASSIGN_OR_RETURN(const OauthAnswer answer, refresh_.Ask(*tokens_, std::move(stop)));
    std::optional<FlexibleTime> expires = answer.expires;
    if (!expires) {
      MR_ASSIGN_OR_RETURN(expires, tokens_->UnexpiredDate());
    }
    if (!expires) expires = FlexibleTime{environment_.clock->WallNow() + std::chrono::hours(1), 0};
    return tokens_->Set(answer.access_token, answer.refresh_token, *expires);
  }

  const EngineEnvironment& environment_;
  ApiResources* const resources_;
  const OauthRefresh refresh_;
  const std::unique_ptr<OauthTokens> tokens_;
};

/// What a manifest can get wrong without the schema noticing.
Status CheckComplete(const Component& component, const OauthSettings& settings, bool asserts,
                     const EngineEnvironment& environment) {
  if (!asserts && (!component.Has("client_id") || !component.Has("client_secret"))) {
    return PyError("ValueError",
                   "OAuthAuthenticator configuration error: Both 'client_id' and 'client_secret' "
                   "are required for the basic OAuth flow.");
  }
  if (asserts && !component.Has("profile_assertion")) {
    return PyError("ValueError",
                   "OAuthAuthenticator configuration error: 'profile_assertion' is required when "
                   "using the profile assertion flow.");
  }
  const InterpolationContext context(*environment.clock, environment.config);
  MR_ASSIGN_OR_RETURN(const std::string grant, settings.grant_type.EvaluateText(context));
  if (grant == "refresh_token" && !settings.has_refresh_token && !asserts) {
    return PyError("ValueError",
                   "OAuthAuthenticator configuration error: A 'refresh_token' is required when the "
                   "'grant_type' is set to 'refresh_token'.");
  }
  return Status::Ok();
}

}  // namespace

Result<std::unique_ptr<Authenticator>> MakeOauthAuthenticator(const Component& component,
                                                              const EngineEnvironment& environment,
                                                              const AuthenticatorOwner& owner) {
  if (owner.resources == nullptr) return component.Error("it has no place to keep its tokens");
  MR_ASSIGN_OR_RETURN(OauthSettings settings, OauthSettings::Make(component, environment));
  const PyValue* use_assertion = component.Field("use_profile_assertion");
  const bool asserts = use_assertion != nullptr && PyTruthy(*use_assertion);
  MR_ASSIGN_OR_RETURN(const auto updater, component.ChildIf("refresh_token_updater"));
  std::unique_ptr<OauthTokens> tokens;
  if (updater) {
    MR_ASSIGN_OR_RETURN(tokens, MakeConfigTokens(*updater, environment, *owner.resources));
    MR_ASSIGN_OR_RETURN(settings.refresh_token_name,
                        updater->Template("refresh_token_name", "refresh_token"));
  } else {
    MR_RETURN_IF_ERROR(CheckComplete(component, settings, asserts, environment));
    MR_ASSIGN_OR_RETURN(tokens, MakeMemoryTokens(component, environment));
  }
  std::unique_ptr<Authenticator> assertion;
  if (asserts && !updater) {
    MR_ASSIGN_OR_RETURN(const Component child, component.Child("profile_assertion"));
    MR_ASSIGN_OR_RETURN(assertion, MakeAuthenticator(child, environment, owner));
    settings.grant_type =
        InterpolatedString("urn:ietf:params:oauth:grant-type:jwt-bearer", component.parameters());
  }
  OauthRefresh refresh(environment, std::move(settings), std::move(assertion));
  return std::unique_ptr<Authenticator>(std::make_unique<OauthAuthenticator>(
      environment, owner.resources, std::move(refresh), std::move(tokens)));
}

}  // namespace millrace
