#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/requests/authenticator.h"
#include "declarative/requests/flexible_time.h"
#include "declarative/requests/oauth_settings.h"
#include "declarative/requests/oauth_tokens.h"

namespace millrace {

/// What a server answered to the request for a token.
struct OauthAnswer {
  std::string access_token;
  std::optional<std::string> refresh_token;
  std::optional<FlexibleTime> expires;
};

/// Asks an OAuth server for a token. Broken connections, 429 and 5xx are tried again for up to
/// kSecondsMax. Const, any thread.
class OauthRefresh {
 public:
  static constexpr double kSecondsMax = 300;

  /// `assertion` (may be null) makes what stands in a refresh token's place.
  OauthRefresh(const EngineEnvironment& environment, OauthSettings settings,
               std::unique_ptr<Authenticator> assertion)
      : environment_(environment),
        settings_(std::move(settings)),
        assertion_(std::move(assertion)) {}

  const OauthSettings& settings() const { return settings_; }

  /// A config error when the server says that the refresh token is no good; a PyError HTTPError
  /// when it refuses otherwise.
  Result<OauthAnswer> Ask(const OauthTokens& tokens, std::stop_token stop) const;

 private:
  void Show(const ApiRequest& request, const ApiResponse& response) const;
  Result<ApiRequest> MakeRequest(const OauthTokens& tokens, const std::stop_token& stop) const;
  /// Sends it, again and again if need be; the reply is ok.
  Result<std::shared_ptr<const ApiResponse>> Send(const OauthTokens& tokens,
                                                  const std::stop_token& stop) const;
  Status Refused(const ApiResponse& response) const;
  Result<OauthAnswer> Read(const ApiResponse& response) const;
  Result<FlexibleTime> ExpiryOf(const PyValue& value) const;

  const EngineEnvironment& environment_;
  OauthSettings settings_;
  std::unique_ptr<Authenticator> assertion_;
};

}  // namespace millrace
