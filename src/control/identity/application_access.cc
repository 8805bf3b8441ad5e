#include "control/identity/application_access.h"

#include "base/secrets.h"
#include "base/uuid.h"
#include "control/identity/password_hash.h"

namespace millrace {
namespace {

constexpr size_t kApplicationsMax = 100;
constexpr size_t kNameMost = 256;

}  // namespace

Result<ApplicationAccess::Created> ApplicationAccess::Create(const std::string& person_id,
                                                             const std::string& name) {
  if (name.empty()) return ConfigError("an application needs a name");
  if (name.size() > kNameMost) return ConfigError("the name is longer than {} bytes", kNameMost);
  Created created;
  created.client_secret = RandomSecret();
  Secrets::Register(created.client_secret);
  created.application = {RandomUuid(),
                         person_id,
                         name,
                         RandomUuid(),
                         HashOfSecret(created.client_secret),
                         clock_.WallNow().time_since_epoch().count()};
  MR_RETURN_IF_ERROR(database_.Write([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(const auto there, ListApplications(transaction, person_id));
    if (there.size() >= kApplicationsMax) {
      return ConfigError("there are {} applications already: delete one first", kApplicationsMax);
    }
    return InsertApplication(transaction, created.application);
  }));
  return created;
}

Result<std::vector<Application>> ApplicationAccess::List(const std::string& person_id) {
  std::vector<Application> applications;
  MR_RETURN_IF_ERROR(database_.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(applications, ListApplications(transaction, person_id));
    return Status::Ok();
  }));
  return applications;
}

Result<std::optional<Application>> ApplicationAccess::Find(const std::string& person_id,
                                                           const std::string& id) {
  std::optional<Application> application;
  MR_RETURN_IF_ERROR(database_.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(application, FindApplication(transaction, id));
    return Status::Ok();
  }));
  if (application && application->person_id != person_id) application.reset();
  return application;
}

Result<std::optional<Application>> ApplicationAccess::Delete(const std::string& person_id,
                                                             const std::string& id) {
  std::optional<Application> application;
  MR_RETURN_IF_ERROR(database_.Write([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(application, FindApplication(transaction, id));
    if (application && application->person_id != person_id) application.reset();
    return application ? DeleteApplication(transaction, id) : Status::Ok();
  }));
  return application;
}

Result<ApplicationAccess::Grant> ApplicationAccess::GrantToken(const std::string& client_id,
                                                               const std::string& client_secret,
                                                               const std::string& peer) {
  if (const auto wait = limit_.WaitFor(peer, client_id); wait.count() > 0) return Grant{{}, wait};
  std::optional<Application> application;
  MR_RETURN_IF_ERROR(database_.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(application, FindApplicationByClient(transaction, client_id));
    return Status::Ok();
  }));
  const std::string hash = HashOfSecret(client_secret);
  if (!application || !SameText(hash, application->client_secret_hash)) {
    limit_.Failed(peer, client_id);
    return Grant{};
  }
  limit_.Succeeded(peer, client_id);
  MR_ASSIGN_OR_RETURN(std::string token, tokens_.Issue({application->person_id, client_id}));
  return Grant{std::move(token)};
}

Result<std::optional<Person>> ApplicationAccess::OfToken(std::string_view token) {
  const auto claims = tokens_.Read(token);
  if (!claims) return std::optional<Person>();
  std::optional<Person> person;
  MR_RETURN_IF_ERROR(database_.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(const auto application,
                        FindApplicationByClient(transaction, claims->client_id));
    if (!application || application->person_id != claims->person_id) return Status::Ok();
    MR_ASSIGN_OR_RETURN(person, FindPerson(transaction, claims->person_id));
    return Status::Ok();
  }));
  return person;
}

}  // namespace millrace
