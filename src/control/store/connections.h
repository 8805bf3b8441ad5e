#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "catalogue/catalogue.h"
#include "control/store/sql_database.h"
#include "control/store/workspaces.h"
#include "protocol/json_field.h"

namespace millrace {

/// What copies one source into one destination. A plain value.
struct Connection {
  std::string id;
  std::string workspace_id;
  std::string source_id;
  std::string destination_id;
  std::string name;
  std::string status;  ///< active, inactive, locked; deprecated: it was deleted
  /// Everything else, in the config API's own words: syncCatalog, scheduleType, scheduleData,
  /// namespaceDefinition, namespaceFormat, prefix, nonBreakingChangesPreference …
  JsonValue document;
  std::optional<int64_t> next_run_at;  ///< microseconds; when its schedule wants the next job
  int64_t revision = 0;                ///< counts updates
  int64_t created_at = 0;              ///< microseconds since 1970 UTC
  int64_t updated_at = 0;
};

/// Which connections to list. Empty: any.
struct ConnectionFilter {
  std::string workspace_id;
  std::string source_id;
  std::string destination_id;
  std::string status;
  std::string name_contains;  ///< letters' case doesn't matter
  /// More than one of each will do.
  std::vector<std::string> ids, workspace_ids, source_ids, destination_ids, statuses;
  std::vector<std::string> source_definition_ids, destination_definition_ids, tag_ids;
  std::string any_name_contains;  ///< its own name, or that of one of its ends
  bool with_deleted = false;
};

/// What a list of connections is sorted by; names by their letters, whatever their case.
enum class ConnectionOrder { kName, kSourceName, kDestinationName, kLastSync };

/// As many as a workspace may have.
inline constexpr Page kEveryConnection{.limit = 20'000, .offset = 0};

std::vector<std::string> IdsOf(const std::vector<Connection>& connections);

// Within the caller's transaction. A deleted one is as if it weren't there, unless it says
// otherwise.

Result<std::optional<Connection>> FindConnection(SqlTransaction& transaction,
                                                 const std::string& id);
/// Also a deleted one: what it did stays known.
Result<std::optional<Connection>> FindConnectionOrDeleted(SqlTransaction& transaction,
                                                          const std::string& id);
/// In the order of their names. Their documents have no syncCatalog, which can be megabytes: see
/// CatalogTextsOf.
Result<std::vector<Connection>> ListConnections(SqlTransaction& transaction,
                                                const ConnectionFilter& filter, const Page& page);
/// The syncCatalog of each, as it stands in the database: for lists, which needn't look into it.
/// One without a catalog is left out.
Result<std::map<std::string, std::string>> CatalogTextsOf(SqlTransaction& transaction,
                                                          const std::vector<std::string>& ids);
/// The ids only, all of them (of as many as a workspace may have), in that order.
Result<std::vector<std::string>> ListConnectionIds(SqlTransaction& transaction,
                                                   const ConnectionFilter& filter,
                                                   ConnectionOrder order, bool descending);
Result<int64_t> CountConnections(SqlTransaction& transaction, const ConnectionFilter& filter);
/// How many connections each of these sources or destinations has; those with none are left out.
Result<std::map<std::string, int64_t>> CountConnectionsOf(
    SqlTransaction& transaction, ConnectorType kind, const std::vector<std::string>& actor_ids);
/// Ids of active ones whose next_run_at is not after `now` and that have no active job, the longest
/// overdue first.
Result<std::vector<std::string>> ListDueConnections(SqlTransaction& transaction, int64_t now,
                                                    int64_t limit);
/// When the schedule runs it next (microseconds since 1970); never: nullopt. Counts no revision.
Status PutNextRun(SqlTransaction& transaction, const std::string& id,
                  const std::optional<int64_t>& next);
Status InsertConnection(SqlTransaction& transaction, const Connection& connection);
/// All but its ends and workspace, so read it with its catalog; counts the revision. False:
/// somebody else changed it since it was read (its revision), or it is gone; nothing was changed.
Result<bool> UpdateConnection(SqlTransaction& transaction, const Connection& connection);
Status DeleteConnection(SqlTransaction& transaction, const std::string& id, int64_t now);
/// Those of a source or destination that goes.
Status DeleteConnectionsOf(SqlTransaction& transaction, ConnectorType kind,
                           const std::string& actor_id, int64_t now);

}  // namespace millrace
