#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/store/sql_database.h"
#include "protocol/json_field.h"

namespace millrace {

/// The organization that every workspace belongs to: Airbyte's one of an instance without others.
inline constexpr const char* kOrganizationId = "00000000-0000-0000-0000-000000000000";

/// What sources, destinations and connections belong to. A plain value.
struct Workspace {
  std::string id;
  std::string name;
  std::string slug;    ///< unique among those that are there
  JsonValue document;  ///< {"email", "notificationSettings", …}: kept for the API, not read here
  int64_t created_at = 0;  ///< microseconds since 1970 UTC
  int64_t updated_at = 0;
};

/// Which of many to return, in the order of their names.
struct Page {
  int64_t limit = 100;
  int64_t offset = 0;
};

// Within the caller's transaction. A deleted one is as if it weren't there.

Result<std::optional<Workspace>> FindWorkspace(SqlTransaction& transaction, const std::string& id);
Result<std::optional<Workspace>> FindWorkspaceBySlug(SqlTransaction& transaction,
                                                     const std::string& slug);
Result<std::vector<Workspace>> ListWorkspaces(SqlTransaction& transaction, const Page& page);
/// The oldest: what "default" means. There is one from the first start on.
Result<std::optional<Workspace>> DefaultWorkspace(SqlTransaction& transaction);
/// IsDuplicateKey: the slug is taken.
Status InsertWorkspace(SqlTransaction& transaction, const Workspace& workspace);
/// Name, slug and document. Requires that it is there.
Status UpdateWorkspace(SqlTransaction& transaction, const Workspace& workspace);
/// With everything in it.
Status DeleteWorkspace(SqlTransaction& transaction, const std::string& id, int64_t now);

}  // namespace millrace
