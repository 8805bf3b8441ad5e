#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/identity/access_token.h"
#include "control/identity/sign_in.h"
#include "control/identity/sign_in_limit.h"
#include "control/store/people.h"

namespace millrace {

/// What programs sign in with: applications (client id and secret) and the tokens that they get for
/// them. One a server; thread-safe.
class ApplicationAccess {
 public:
  /// `key`: 32 bytes that sign tokens.
  ApplicationAccess(SqlDatabase& database, std::string key, const Clock& clock)
      : database_(database), clock_(clock), tokens_(std::move(key), clock), limit_(clock) {}

  struct Created {
    Application application;
    std::string client_secret;  ///< shown this once: only its hash is kept
  };
  /// Config errors: no name; more than 100 of them.
  Result<Created> Create(const std::string& person_id, const std::string& name);
  Result<std::vector<Application>> List(const std::string& person_id);
  /// Of that person only. Its tokens end with it.
  Result<std::optional<Application>> Find(const std::string& person_id, const std::string& id);
  Result<std::optional<Application>> Delete(const std::string& person_id, const std::string& id);

  /// How a request for a token ended. A plain value.
  struct Grant {
    std::string access_token;      ///< empty: id and secret don't belong together …
    std::chrono::seconds wait{0};  ///< … or, when not zero, were not looked at: too many failures
  };
  Result<Grant> GrantToken(const std::string& client_id, const std::string& client_secret,
                           const std::string& peer);
  /// Whose token it is; empty: not one of ours, expired, or its application is gone.
  Result<std::optional<Person>> OfToken(std::string_view token);

 private:
  SqlDatabase& database_;
  const Clock& clock_;
  AccessTokens tokens_;
  SignInLimit limit_;
};

}  // namespace millrace
