#include "control/identity/sign_in.h"

#include "base/secrets.h"
#include "base/uuid.h"
#include "control/identity/password_hash.h"
#include "control/store/settings.h"

namespace millrace {
namespace {

constexpr const char* kFirstPassword = "password";
constexpr const char* kOtherFirstEmail = "admin@example.com";
constexpr const char* kSetUpSetting = "set_up";
constexpr size_t kPasswordLeast = 8;
constexpr size_t kPasswordMost = 1024;
constexpr size_t kEmailMost = 254;
constexpr int64_t kSessionsMax = 100;

std::string Lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

Status CheckPassword(const std::string& password) {
  if (password.size() < kPasswordLeast) {
    return ConfigError("the new password is too short: take at least {} characters",
                       kPasswordLeast);
  }
  if (password.size() > kPasswordMost) {
    return ConfigError("the new password is too long: take at most {} characters", kPasswordMost);
  }
  if (password == kFirstPassword) {
    return ConfigError("the new password is the one that everybody knows: take another one");
  }
  return Status::Ok();
}

bool IsEmail(const std::string& text) {
  const size_t at = text.find('@');
  return at != std::string::npos && at > 0 && at + 1 < text.size() && text.size() <= kEmailMost &&
         text.find('@', at + 1) == std::string::npos &&
         text.find_first_of(std::string_view(" \t\r\n\0:<>\"", 9)) == std::string::npos;
}

/// What a password is compared with when there is nobody of that name, so that the answer takes as
/// long as any other.
const std::string& NobodysHash() {
  static const std::string hash = [] {
    auto made = HashPassword(RandomSecret());
    return made.ok() ? *made : std::string();
  }();
  return hash;
}

}  // namespace

Status SignIn::EnsureFirstPerson(const std::string& password) {
  if (!password.empty()) {
    Secrets::Register(password);
    MR_RETURN_IF_ERROR(CheckPassword(password).WithContext("setting the first password"));
  }
  std::optional<Person> first;
  MR_RETURN_IF_ERROR(database_.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(first, FirstPerson(transaction));
    return Status::Ok();
  }));
  if (first && (password.empty() || !first->must_change_password)) return Status::Ok();
  MR_ASSIGN_OR_RETURN(const std::string hash,
                      HashPassword(password.empty() ? kFirstPassword : password));
  const Status written = database_.Write([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(auto person, FirstPerson(transaction));
    if (!person) {
      return InsertPerson(transaction, {RandomUuid(), kFirstEmail, "Administrator", hash,
                                        /*must_change_password=*/password.empty(), Now(), Now()});
    }
    if (password.empty() || !person->must_change_password) return Status::Ok();
    person->password_hash = hash;
    person->must_change_password = false;
    person->updated_at = Now();
    return UpdatePerson(transaction, *person);
  });
  // Another server, started at the same moment, was first.
  return IsDuplicateKey(written) ? Status::Ok() : written;
}

Result<std::optional<Person>> SignIn::PersonCalled(const std::string& email) {
  std::optional<Person> person;
  MR_RETURN_IF_ERROR(database_.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(person, FindPersonByEmail(transaction, email));
    if (person || email != kOtherFirstEmail) return Status::Ok();
    MR_ASSIGN_OR_RETURN(const auto set_up, FindSetting(transaction, kSetUpSetting));
    if (set_up) return Status::Ok();
    MR_ASSIGN_OR_RETURN(person, FirstPerson(transaction));
    return Status::Ok();
  }));
  return person;
}

bool SignIn::IsRight(const Person& person, const std::string& password) {
  if (verified_.Contains(person.password_hash, password)) return true;
  if (!PasswordMatches(person.password_hash, password)) return false;
  verified_.Add(person.password_hash, password);
  return true;
}

Result<SignInAnswer> SignIn::WithPassword(std::string email, const std::string& password,
                                          const std::string& peer) {
  email = Lower(std::move(email));
  MR_ASSIGN_OR_RETURN(auto person, PersonCalled(email));
  // Before the limit: whoever fails beside a client that is signed in must not shut it out.
  if (person && verified_.Contains(person->password_hash, password)) return SignInAnswer{person};
  if (const auto wait = limit_.WaitFor(peer, email); wait.count() > 0) {
    return SignInAnswer{std::nullopt, wait};
  }
  const bool right =
      password.size() <= kPasswordMost &&
      (person ? IsRight(*person, password) : PasswordMatches(NobodysHash(), password) && false);
  if (right) {
    limit_.Succeeded(peer, email);
    return SignInAnswer{std::move(person)};
  }
  limit_.Failed(peer, email);
  return SignInAnswer{};
}

Result<SignInAnswer> SignIn::ChangePassword(const std::string& person_id,
                                            const std::string& current, const std::string& changed,
                                            const std::string& kept_session,
                                            const std::string& peer) {
  MR_ASSIGN_OR_RETURN(const auto person, Find(person_id));
  if (!person) return SignInAnswer{};
  MR_ASSIGN_OR_RETURN(SignInAnswer answer, WithPassword(person->email, current, peer));
  if (!answer.person) return answer;
  MR_RETURN_IF_ERROR(CheckPassword(changed));
  Secrets::Register(changed);
  if (changed == current) return ConfigError("the new password is the old one: take another one");
  MR_ASSIGN_OR_RETURN(const std::string hash, HashPassword(changed));
  bool raced = false;
  MR_RETURN_IF_ERROR(database_.Write([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(auto stored, FindPerson(transaction, person_id));
    raced = !stored || stored->password_hash != answer.person->password_hash;
    if (raced) return Status::Ok();
    stored->password_hash = hash;
    stored->must_change_password = false;
    stored->updated_at = Now();
    answer.person = stored;
    MR_RETURN_IF_ERROR(UpdatePerson(transaction, *stored));
    return DeleteOtherSessions(transaction, person_id, HashOfSecret(kept_session));
  }));
  return raced ? SignInAnswer{} : answer;
}

Result<std::string> SignIn::OpenSession(const std::string& person_id) {
  const std::string secret = RandomSecret();
  const int64_t life = std::chrono::microseconds(kSessionLife).count();
  MR_RETURN_IF_ERROR(database_.Write([&](SqlTransaction& transaction) {
    return InsertSession(transaction, {HashOfSecret(secret), person_id, Now(), Now() + life},
                         kSessionsMax);
  }));
  return secret;
}

Result<std::optional<Person>> SignIn::OfSession(const std::string& session) {
  std::optional<Person> person;
  MR_RETURN_IF_ERROR(database_.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(person, PersonOfSession(transaction, HashOfSecret(session), Now()));
    return Status::Ok();
  }));
  return person;
}

Status SignIn::CloseSession(const std::string& session) {
  return database_.Write([&](SqlTransaction& transaction) {
    return DeleteSession(transaction, HashOfSecret(session));
  });
}

Result<Person> SignIn::First() {
  std::optional<Person> person;
  MR_RETURN_IF_ERROR(database_.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(person, FirstPerson(transaction));
    return Status::Ok();
  }));
  if (!person) return SystemError("the metadata database has nobody in it");
  return *std::move(person);
}

Result<std::optional<Person>> SignIn::Find(const std::string& person_id) {
  std::optional<Person> person;
  MR_RETURN_IF_ERROR(database_.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(person, FindPerson(transaction, person_id));
    return Status::Ok();
  }));
  return person;
}

Result<std::optional<Person>> SignIn::FindByEmail(std::string email) {
  return PersonCalled(Lower(std::move(email)));
}

Status SignIn::SetUp(std::string email, const std::string& name) {
  email = Lower(std::move(email));
  if (!email.empty() && !IsEmail(email)) return ConfigError("this is no e-mail address");
  return database_.Write([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(auto person, FirstPerson(transaction));
    if (!person) return SystemError("the metadata database has nobody in it");
    if (!email.empty()) person->email = email;
    if (!name.empty()) person->name = name;
    person->updated_at = Now();
    const Status updated = UpdatePerson(transaction, *person);
    if (IsDuplicateKey(updated)) return ConfigError("somebody else has that e-mail address");
    MR_RETURN_IF_ERROR(updated);
    return PutSetting(transaction, kSetUpSetting, "{}");
  });
}

Result<bool> SignIn::IsSetUp() {
  bool is = false;
  MR_RETURN_IF_ERROR(database_.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(const auto setting, FindSetting(transaction, kSetUpSetting));
    is = setting.has_value();
    return Status::Ok();
  }));
  return is;
}

}  // namespace millrace
