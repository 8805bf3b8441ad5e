#pragma once

#include "control/store/people.h"
#include "server/http/http_message.h"

namespace millrace {

/// What an endpoint asks of whoever calls it.
enum class Permission {
  kNothing,         ///< anybody: health, signing in, the user interface's files
  kChangePassword,  ///< signed in, also with the first password, which must be changed
  kOwnAccount,      ///< signed in: what is the caller's own
  kRead,
  kRun,  ///< start and cancel jobs, check, discover
  kEdit,
  kAdminister,  ///< the instance, its workspaces and people
};

/// By one table of methods and paths. What stands in no row is kAdminister below /api, and
/// kNothing elsewhere.
Permission PermissionFor(const HttpRequest& request);

/// The place of roles: there is one person yet, who may do everything.
bool MayDo(const Person& person, Permission permission);

}  // namespace millrace
