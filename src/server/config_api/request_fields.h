#pragma once

#include <optional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "control/store/sql_database.h"
#include "control/store/workspaces.h"
#include "server/http/json_body.h"

namespace millrace {

/// A field of a request that can't be what it is.
struct WrongField {
  std::string field;
  std::string message;
};
/// What is wrong with any call's body: a text with the character U+0000, a list of more than 10,000
/// texts, or one of the fields that mean the same in every call and here are something else; null
/// is as good as absent.
std::optional<WrongField> WrongFieldOf(const Json& body);

/// {"pagination": {"pageSize", "rowOffset"}}, or "pageSize" itself; 1 to 1,000, 100 by default.
Page PageOf(const Json& body);

/// The workspace that the call is about: by `workspaceId`, where "default" (or nothing, as the
/// older paths have it) means the oldest. Empty: there is none with that id.
Result<std::optional<Workspace>> WorkspaceOf(SqlTransaction& transaction, const Json& body);

/// The config API's times: whole seconds.
constexpr int64_t Seconds(int64_t microseconds) { return microseconds / 1'000'000; }

}  // namespace millrace
