#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/identity/application_access.h"
#include "control/identity/sign_in.h"
#include "server/http/http_message.h"
#include "server/identity/endpoint_permission.h"

namespace millrace {

/// Stands before every handler: finds out who sent a request (HTTP Basic, a bearer token, a
/// session's cookie) and whether that one may. From this machine itself no credentials are needed
/// while the server listens on loopback only; those that are sent are checked nevertheless. The
/// password that every instance starts with opens nothing but its own change, and through a proxy
/// not even that, except to whoever needs none. Owned by the server; thread-safe.
class RequestGate {
 public:
  struct Rules {
    bool loopback_only = true;  ///< no address that the server listens on is another one
    bool always = false;        ///< credentials are asked for on loopback too
    std::vector<std::string> public_names = {};  ///< see ForeignOrigin
  };

  RequestGate(SignIn& sign_in, ApplicationAccess& applications, const Rules& rules)
      : sign_in_(sign_in), applications_(applications), rules_(rules) {}

  /// The refusal; or nothing, and the request's person_id says who it is.
  std::optional<HttpResponse> Admit(HttpRequest* request) const;

 private:
  struct Caller;
  bool Trusted(const HttpRequest& request) const;
  std::optional<HttpResponse> Identify(const HttpRequest& request, Caller* caller) const;

  SignIn& sign_in_;
  ApplicationAccess& applications_;
  const Rules rules_;
};

/// 401, with the challenge that clients which wait for one need; a page's own calls get none that
/// would make the browser ask.
HttpResponse Unauthorized(const HttpRequest& request, const std::string& message);
/// 429, with the seconds to wait.
HttpResponse TooManyFailures(const HttpRequest& request, std::chrono::seconds wait);
/// The store failed: 503 or 500; logged.
HttpResponse IdentityFailure(const HttpRequest& request, const Status& status);

}  // namespace millrace
