#pragma once

#include "declarative/requests/authenticator.h"

namespace millrace {

// The makers that MakeAuthenticator chooses from, each in the file of its kind.

using AuthenticatorMaker = Result<std::unique_ptr<Authenticator>> (*)(
    const Component& component, const EngineEnvironment& environment,
    const AuthenticatorOwner& owner);

/// ApiKeyAuthenticator, BearerAuthenticator, BasicHttpAuthenticator.
Result<std::unique_ptr<Authenticator>> MakeApiKeyAuthenticator(const Component&,
                                                               const EngineEnvironment&,
                                                               const AuthenticatorOwner&);
Result<std::unique_ptr<Authenticator>> MakeBearerAuthenticator(const Component&,
                                                               const EngineEnvironment&,
                                                               const AuthenticatorOwner&);
Result<std::unique_ptr<Authenticator>> MakeBasicAuthenticator(const Component&,
                                                              const EngineEnvironment&,
                                                              const AuthenticatorOwner&);
Result<std::unique_ptr<Authenticator>> MakeSessionTokenAuthenticator(const Component&,
                                                                     const EngineEnvironment&,
                                                                     const AuthenticatorOwner&);
Result<std::unique_ptr<Authenticator>> MakeLegacySessionTokenAuthenticator(
    const Component&, const EngineEnvironment&, const AuthenticatorOwner&);
Result<std::unique_ptr<Authenticator>> MakeJwtAuthenticator(const Component&,
                                                            const EngineEnvironment&,
                                                            const AuthenticatorOwner&);
Result<std::unique_ptr<Authenticator>> MakeOauthAuthenticator(const Component&,
                                                              const EngineEnvironment&,
                                                              const AuthenticatorOwner&);
Result<std::unique_ptr<Authenticator>> MakeRotatingTokenAuthenticator(const Component&,
                                                                      const EngineEnvironment&,
                                                                      const AuthenticatorOwner&);

}  // namespace millrace
