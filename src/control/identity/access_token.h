#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace millrace {

/// What an access token says. A plain value.
struct AccessClaims {
  std::string person_id;  ///< `sub`: clients read it
  std::string client_id;  ///< of the application that it was given to
};

/// Makes and reads the bearer tokens that applications get: JSON Web Tokens, signed with a key of
/// the instance's (HS256), so that they outlive a restart and any server of the instance takes
/// them. Immutable; thread-safe.
class AccessTokens {
 public:
  /// Airbyte's. Longer than a minute: clients take a minute off and ask again.
  static constexpr std::chrono::seconds kLife = std::chrono::minutes(15);

  /// `key`: 32 bytes.
  AccessTokens(std::string key, const Clock& clock) : key_(std::move(key)), clock_(clock) {}

  Result<std::string> Issue(const AccessClaims& claims) const;
  /// Empty: not one of ours, changed, or expired. Whether its application is still there is not
  /// checked here.
  std::optional<AccessClaims> Read(std::string_view token) const;

 private:
  std::string key_;
  const Clock& clock_;
};

}  // namespace millrace
