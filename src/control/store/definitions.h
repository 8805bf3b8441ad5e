#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "catalogue/catalogue.h"
#include "control/store/sql_database.h"
#include "protocol/json_field.h"

namespace millrace {

/// A connector that somebody brought along: a container image. The catalogue's own are compiled
/// in. A plain value.
struct CustomDefinition {
  std::string id;
  std::string workspace_id;
  ConnectorType kind = ConnectorType::kSource;
  JsonValue
      document;  ///< {"name", "dockerRepository", "dockerImageTag", "documentationUrl", "icon"}
  int64_t created_at = 0;  ///< microseconds since 1970 UTC
};

// Within the caller's transaction. A deleted one is as if it weren't there.

Result<std::optional<CustomDefinition>> FindCustomDefinition(SqlTransaction& transaction,
                                                             ConnectorType kind,
                                                             const std::string& id);
/// In the order in which they were made. Empty workspace: of all.
Result<std::vector<CustomDefinition>> ListCustomDefinitions(SqlTransaction& transaction,
                                                            ConnectorType kind,
                                                            const std::string& workspace_id);
Status InsertCustomDefinition(SqlTransaction& transaction, const CustomDefinition& definition);
/// Its document.
Status UpdateCustomDefinition(SqlTransaction& transaction, const CustomDefinition& definition);
Status DeleteCustomDefinition(SqlTransaction& transaction, const std::string& id);

}  // namespace millrace
