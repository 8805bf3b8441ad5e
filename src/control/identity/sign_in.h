#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "control/identity/sign_in_limit.h"
#include "control/identity/verified_passwords.h"
#include "control/store/people.h"
#include "control/store/sql_database.h"

namespace millrace {

/// How a try to sign in ended. A plain value.
struct SignInAnswer {
  std::optional<Person> person;  ///< absent: e-mail and password don't belong together …
  std::chrono::seconds wait{0};  ///< … or, when not zero, were not looked at: too many failures
};

/// People, their passwords and their sessions. One a server; thread-safe. Calls read the metadata
/// database; those with a password may take 20 ms more.
class SignIn {
 public:
  static constexpr const char* kFirstEmail = "airbyte@example.com";
  static constexpr std::chrono::hours kSessionLife{24 * 7};

  SignIn(SqlDatabase& database, const Clock& clock)
      : database_(database), clock_(clock), limit_(clock), verified_(clock) {}

  /// Makes the first person when there is nobody. `password`, when not empty, takes the place of
  /// the well-known first one unless that was changed. A config error when it is too short.
  Status EnsureFirstPerson(const std::string& password);

  /// `peer`: where the try comes from, for the limit.
  Result<SignInAnswer> WithPassword(std::string email, const std::string& password,
                                    const std::string& peer);
  /// Of the person; other sessions than `kept_session` end. No person: `current` is wrong. Config
  /// errors: the new one is too short, too long, or the same.
  Result<SignInAnswer> ChangePassword(const std::string& person_id, const std::string& current,
                                      const std::string& changed, const std::string& kept_session,
                                      const std::string& peer);

  /// Returns the session's secret, for the browser's cookie. It lasts kSessionLife.
  Result<std::string> OpenSession(const std::string& person_id);
  Result<std::optional<Person>> OfSession(const std::string& session);
  Status CloseSession(const std::string& session);

  /// The one person that every instance has.
  Result<Person> First();
  Result<std::optional<Person>> Find(const std::string& person_id);
  Result<std::optional<Person>> FindByEmail(std::string email);

  /// What the first set-up asks for. Empty text leaves what is there. Config error: no e-mail
  /// address.
  Status SetUp(std::string email, const std::string& name);
  /// Until it is, admin@example.com names the first person too.
  Result<bool> IsSetUp();

 private:
  Result<std::optional<Person>> PersonCalled(const std::string& email);
  bool IsRight(const Person& person, const std::string& password);
  int64_t Now() const { return clock_.WallNow().time_since_epoch().count(); }

  SqlDatabase& database_;
  const Clock& clock_;
  SignInLimit limit_;
  VerifiedPasswords verified_;
};

}  // namespace millrace
