#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/identity/application_access.h"
#include "control/identity/sign_in.h"
#include "control/store/sql_database.h"
#include "server/http/http_message.h"
#include "server/http/router.h"

namespace millrace {

/// The calls about who one is, of both APIs and beside them: signing in and out, the password, the
/// first set-up, applications and their tokens, the one person and the one organization. Requests
/// have passed the gate. Owned by the server; thread-safe once made.
class IdentityApi {
 public:
  IdentityApi(SqlDatabase& database, SignIn& sign_in, ApplicationAccess& applications);

  /// Empty: the path is none of these.
  std::optional<HttpResponse> Handle(const HttpRequest& request) const;

  std::vector<std::string> Routes() const { return router_.Routes(); }

 private:
  Router router_;
};

}  // namespace millrace
