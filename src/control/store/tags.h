#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/store/sql_database.h"

namespace millrace {

/// A label of connections. A plain value.
struct Tag {
  std::string id;
  std::string workspace_id;
  std::string name;   ///< unique in its workspace
  std::string color;  ///< hexadecimal digits
};

// Within the caller's transaction.

Result<std::optional<Tag>> FindTag(SqlTransaction& transaction, const std::string& id);
/// In the order of their names. None given: of all workspaces.
Result<std::vector<Tag>> ListTags(SqlTransaction& transaction,
                                  const std::vector<std::string>& workspace_ids);
/// IsDuplicateKey: the workspace has one of that name.
Status InsertTag(SqlTransaction& transaction, const Tag& tag);
/// Name and colour; IsDuplicateKey as above.
Status UpdateTag(SqlTransaction& transaction, const Tag& tag);
/// Connections lose it.
Status DeleteTag(SqlTransaction& transaction, const std::string& id);

/// The tags of each of these connections, in the order of their names; those without are left out.
Result<std::map<std::string, std::vector<Tag>>> TagsOfConnections(
    SqlTransaction& transaction, const std::vector<std::string>& connection_ids);
/// Replaces them. Requires that the tags are there.
Status SetTagsOfConnection(SqlTransaction& transaction, const std::string& connection_id,
                           const std::vector<std::string>& tag_ids);

}  // namespace millrace
