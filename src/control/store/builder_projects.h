#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/store/sql_database.h"
#include "protocol/json_field.h"

namespace millrace {

/// What somebody builds a low-code connector in. A plain value.
struct BuilderProject {
  std::string id;
  std::string workspace_id;
  std::string name;
  std::string definition_id;  ///< what it was published as; empty: it wasn't
  /// {"draftManifest", "yamlManifest", "componentsFileContent", "baseActorDefinitionVersionId",
  /// "testingSpec", …}: what isn't there is left out.
  JsonValue document;
  std::string sealed_testing_values;  ///< empty: there are none
  int64_t created_at = 0;             ///< microseconds since 1970 UTC
  int64_t updated_at = 0;
};

// Within the caller's transaction.

/// Empty, too, when it belongs to another workspace.
Result<std::optional<BuilderProject>> FindBuilderProject(SqlTransaction& transaction,
                                                         const std::string& workspace_id,
                                                         const std::string& id);
/// Which was published as that definition.
Result<std::optional<BuilderProject>> FindBuilderProjectOf(SqlTransaction& transaction,
                                                           const std::string& definition_id);
/// In the order of their names.
Result<std::vector<BuilderProject>> ListBuilderProjects(SqlTransaction& transaction,
                                                        const std::string& workspace_id);
Status InsertBuilderProject(SqlTransaction& transaction, const BuilderProject& project);
/// All of it but where it belongs and when it was made.
Status UpdateBuilderProject(SqlTransaction& transaction, const BuilderProject& project);
Status DeleteBuilderProject(SqlTransaction& transaction, const std::string& id);

}  // namespace millrace
