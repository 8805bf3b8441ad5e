#pragma once

#include <optional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "control/store/sql_database.h"
#include "control/store/workspaces.h"
#include "server/http/json_body.h"

namespace millrace {

/// A field of a request that isn't of its type.
struct WrongField {
  std::string field;
  std::string message;
};
/// The first of the fields that mean the same in every call and here are something else; null is as
/// good as absent.
std::optional<WrongField> FieldOfAnotherType(const Json& body);

/// {"pagination": {"pageSize", "rowOffset"}}, or "pageSize" itself; 1 to 1,000, 100 by default.
Page PageOf(const Json& body);

/// The workspace that the call is about: by `workspaceId`, where "default" (or nothing, as the
/// older paths have it) means the oldest. Empty: there is none with that id.
Result<std::optional<Workspace>> WorkspaceOf(SqlTransaction& transaction, const Json& body);

/// The config API's times: whole seconds.
constexpr int64_t Seconds(int64_t microseconds) { return microseconds / 1'000'000; }

}  // namespace millrace
