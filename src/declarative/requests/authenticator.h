#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"
#include "declarative/manifest/component.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/requests/api_transport.h"
#include "declarative/requests/request_options.h"

namespace millrace {

struct ApiResources;

/// Proves to an API who asks. One of each requester that names one; from several threads at once.
class Authenticator {
 public:
  virtual ~Authenticator() = default;

  /// The header as it is now; a dict of at most one. Blocks while a token is fetched.
  virtual Result<PyValue> Header(std::stop_token stop) = 0;
  /// What it adds to the other parts of a request; each a dict. May fetch a token.
  virtual Result<RequestOptions> Options(std::stop_token) { return RequestOptions{}; }
  /// Puts the header into a request that is about to be sent, for the first time or again.
  virtual Status Sign(ApiRequest* request, std::stop_token stop);
  /// The token alone, for who embeds it (OAuth's assertions).
  virtual Result<std::string> Token(std::stop_token stop) = 0;

  virtual bool can_refresh() const { return false; }
  /// Fetches a new token although the old one may still be good. Requires can_refresh().
  virtual Status Refresh(std::stop_token) { return Status::Ok(); }

  /// What the server says about quotas.
  virtual void Learn(const ApiRequest&, const ApiResponse&) {}
  /// Whether `request`, which was told to slow down, can go on at once with another token.
  virtual bool HasAlternative(const ApiRequest&) { return false; }
};

/// What authenticators may need of whoever has them.
struct AuthenticatorOwner {
  ApiResources* resources = nullptr;
  std::string name;      ///< of the stream, or of the requester in it
  std::string url_base;  ///< as the requester has it: a template
  PyValue url_parameters;
};

/// Of any authenticator's type.
Result<std::unique_ptr<Authenticator>> MakeAuthenticator(const Component& component,
                                                         const EngineEnvironment& environment,
                                                         const AuthenticatorOwner& owner);
std::unique_ptr<Authenticator> MakeNoAuthenticator();

}  // namespace millrace
