#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "declarative/jinja/interpolation.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/requests/authenticator.h"
#include "declarative/requests/request_option.h"

namespace millrace {

/// Where the token of a key or bearer authenticator comes from. Thread-safe.
class TokenProvider {
 public:
  virtual ~TokenProvider() = default;
  virtual Result<std::string> Token(std::stop_token stop) = 0;
};

/// A template over the configuration.
std::unique_ptr<TokenProvider> MakeTemplateToken(InterpolatedString token,
                                                 const EngineEnvironment& environment);

/// A token at the place that `option` names; with each look at the header the token is asked for
/// three times, as Airbyte does: logins show it.
std::unique_ptr<Authenticator> MakeKeyAuthenticator(std::unique_ptr<TokenProvider> provider,
                                                    RequestOption option,
                                                    const EngineEnvironment& environment);
/// "Authorization: Bearer TOKEN".
std::unique_ptr<Authenticator> MakeBearerOf(std::unique_ptr<TokenProvider> provider);

}  // namespace millrace
