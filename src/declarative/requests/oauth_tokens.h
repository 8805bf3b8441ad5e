#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "declarative/manifest/component.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/requests/flexible_time.h"

namespace millrace {

struct ApiResources;

/// Where an OAuth authenticator's tokens lie. Thread-safe.
class OauthTokens {
 public:
  virtual ~OauthTokens() = default;
  virtual std::optional<std::string> access_token() const = 0;
  /// Whether there is no access token that is good now.
  virtual Result<bool> Expired() const = 0;
  /// When the present one ends, if it hasn't.
  virtual Result<std::optional<FlexibleTime>> UnexpiredDate() const = 0;
  /// Keeps what a server gave; `refresh_token` only where they lie in the configuration.
  virtual Status Set(const std::string& access_token,
                     const std::optional<std::string>& refresh_token,
                     const FlexibleTime& expires) = 0;
  /// None: they are templates of the settings.
  virtual std::optional<PyValue> refresh_token() const { return std::nullopt; }
  /// A value of the configuration that goes before the settings' (client_id, client_secret).
  virtual std::optional<PyValue> credential(std::string_view) const { return std::nullopt; }
};

/// In memory: access_token_value and token_expiry_date are the first.
Result<std::unique_ptr<OauthTokens>> MakeMemoryTokens(const Component& authenticator,
                                                      const EngineEnvironment& environment);
/// In the configuration, at the paths of a refresh_token_updater; each change is told by a CONTROL
/// message. Shared by all authenticators of a connector.
Result<std::unique_ptr<OauthTokens>> MakeConfigTokens(const Component& updater,
                                                      const EngineEnvironment& environment,
                                                      ApiResources& resources);

}  // namespace millrace
