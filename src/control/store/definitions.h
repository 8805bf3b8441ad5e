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

/// A connector that somebody brought along: a container's image, a command, a low-code manifest.
/// The catalogue's own are compiled in. A plain value.
struct CustomDefinition {
  std::string id;
  std::string workspace_id;
  ConnectorType kind = ConnectorType::kSource;
  /// As the API has it: {"name", "dockerRepository", "dockerImageTag", "documentationUrl", "icon",
  /// "resourceRequirements", "maxSecondsBetweenMessages"}; "command" or "manifest" where there is
  /// no image.
  JsonValue document;
  int64_t created_at = 0;  ///< microseconds since 1970 UTC
  /// Its ConnectorSpecification, as it said when it was made.
  std::optional<JsonValue> spec = {};
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
/// Its document and specification.
Status UpdateCustomDefinition(SqlTransaction& transaction, const CustomDefinition& definition);
Status DeleteCustomDefinition(SqlTransaction& transaction, const std::string& id);

}  // namespace millrace
