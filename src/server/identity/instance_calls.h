#pragma once

#include "control/identity/sign_in.h"
#include "control/store/sql_database.h"
#include "server/http/http_message.h"

namespace millrace {

/// What clients ask of the instance itself: its configuration and first set-up, its person, its
/// organization. Thread-safe.
class InstanceCalls {
 public:
  InstanceCalls(SqlDatabase& database, SignIn& sign_in) : database_(database), sign_in_(sign_in) {}

  /// To anybody, so it names no e-mail address before the set-up is done.
  HttpResponse Configuration(const HttpRequest& request) const;
  HttpResponse WebBackendConfiguration(const HttpRequest& request) const;
  /// {email, anonymousDataCollection, initialSetupComplete, displaySetupWizard, userName?}
  HttpResponse SetUp(const HttpRequest& request) const;

  /// By `userId`, `authUserId` (a token's `sub`) or `email`.
  HttpResponse GetUser(const HttpRequest& request) const;
  /// The public API's list.
  HttpResponse ListUsers(const HttpRequest& request) const;
  HttpResponse GetOrganization(const HttpRequest& request) const;
  HttpResponse ListOrganizations(const HttpRequest& request) const;
  /// workspaces/get_organization_info.
  HttpResponse OrganizationOfWorkspace(const HttpRequest& request) const;
  /// The public API's list.
  HttpResponse PublicOrganizations(const HttpRequest& request) const;

 private:
  SqlDatabase& database_;
  SignIn& sign_in_;
};

}  // namespace millrace
