#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/store/sql_database.h"
#include "control/store/workspaces.h"
#include "protocol/json_field.h"

namespace millrace {

/// An entry of a connection's timeline. A plain value.
struct ConnectionEvent {
  std::string id;  ///< a UUID; empty: InsertConnectionEvent makes one
  std::string connection_id;
  std::string type;        ///< SYNC_SUCCEEDED, CLEAR_STARTED, CONNECTION_DISABLED …
  JsonValue summary;       ///< in the config API's words
  std::string user_id;     ///< empty: nobody
  int64_t created_at = 0;  ///< microseconds since 1970 UTC
};

/// Which events to list, the newest first. Empty: any.
struct ConnectionEventFilter {
  std::string connection_id;
  std::string workspace_id;  ///< of its connections that are there
  std::vector<std::string> types;
  std::optional<int64_t> created_from, created_to;  ///< microseconds, both inclusive
};

// Within the caller's transaction.

Status InsertConnectionEvent(SqlTransaction& transaction, ConnectionEvent event);
Result<std::optional<ConnectionEvent>> FindConnectionEvent(SqlTransaction& transaction,
                                                           const std::string& id);
Result<std::vector<ConnectionEvent>> ListConnectionEvents(SqlTransaction& transaction,
                                                          const ConnectionEventFilter& filter,
                                                          const Page& page);

}  // namespace millrace
