#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/store/sql_database.h"

namespace millrace {

/// Somebody who may sign in. A plain value.
struct Person {
  std::string id;
  std::string email;  ///< in lower case
  std::string name;
  std::string password_hash;
  bool must_change_password = false;  ///< it is the first one, which everybody knows
  int64_t created_at = 0;             ///< microseconds since 1970 UTC
  int64_t updated_at = 0;
};

/// What a program of somebody's signs in with. A plain value.
struct Application {
  std::string id;
  std::string person_id;
  std::string name;
  std::string client_id;
  std::string client_secret_hash;
  int64_t created_at = 0;
};

/// A browser that somebody signed in with. A plain value.
struct Session {
  std::string token_hash;
  std::string person_id;
  int64_t created_at = 0;
  int64_t expires_at = 0;
};

// Within the caller's transaction.

Result<std::optional<Person>> FindPerson(SqlTransaction& transaction, const std::string& id);
Result<std::optional<Person>> FindPersonByEmail(SqlTransaction& transaction,
                                                const std::string& email);
/// The oldest: the one that every instance has from its first start on.
Result<std::optional<Person>> FirstPerson(SqlTransaction& transaction);
Status InsertPerson(SqlTransaction& transaction, const Person& person);
/// E-mail, name and password. Requires that it is there. IsDuplicateKey: the e-mail is taken.
Status UpdatePerson(SqlTransaction& transaction, const Person& person);

Status InsertApplication(SqlTransaction& transaction, const Application& application);
Result<std::optional<Application>> FindApplication(SqlTransaction& transaction,
                                                   const std::string& id);
Result<std::optional<Application>> FindApplicationByClient(SqlTransaction& transaction,
                                                           const std::string& client_id);
/// In the order in which they were made.
Result<std::vector<Application>> ListApplications(SqlTransaction& transaction,
                                                  const std::string& person_id);
Status DeleteApplication(SqlTransaction& transaction, const std::string& id);

/// Beyond `sessions_max` of one person, the oldest go; expired ones too.
Status InsertSession(SqlTransaction& transaction, const Session& session, int64_t sessions_max);
/// Whose session it is, unless it has expired.
Result<std::optional<Person>> PersonOfSession(SqlTransaction& transaction,
                                              const std::string& token_hash, int64_t now);
Status DeleteSession(SqlTransaction& transaction, const std::string& token_hash);
/// All of the person's but one.
Status DeleteOtherSessions(SqlTransaction& transaction, const std::string& person_id,
                           const std::string& kept_token_hash);

}  // namespace millrace
