#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "catalogue/catalogue.h"
#include "control/store/sql_database.h"
#include "control/store/workspaces.h"

namespace millrace {

/// A source or a destination that somebody configured. A plain value.
struct Actor {
  std::string id;
  std::string workspace_id;
  ConnectorType kind = ConnectorType::kSource;
  std::string definition_id;
  std::string name;
  std::string sealed_configuration;  ///< by SecretBox
  int64_t created_at = 0;            ///< microseconds since 1970 UTC
  int64_t updated_at = 0;
};

/// Which actors to list. Empty text: any.
struct ActorFilter {
  ConnectorType kind = ConnectorType::kSource;
  std::string workspace_id;
  std::vector<std::string> workspace_ids;  ///< one of these; none: any
  std::string definition_id;
  std::string name_contains;  ///< letters' case doesn't matter
};

// Within the caller's transaction. A deleted one is as if it weren't there.

Result<std::optional<Actor>> FindActor(SqlTransaction& transaction, ConnectorType kind,
                                       const std::string& id);
/// In the order of their names.
Result<std::vector<Actor>> ListActors(SqlTransaction& transaction, const ActorFilter& filter,
                                      const Page& page);
Status InsertActor(SqlTransaction& transaction, const Actor& actor);
/// Name and configuration. Requires that it is there.
Status UpdateActor(SqlTransaction& transaction, const Actor& actor);
/// With its connections.
Status DeleteActor(SqlTransaction& transaction, const Actor& actor, int64_t now);

}  // namespace millrace
