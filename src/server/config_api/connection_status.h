#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "control/store/connections.h"
#include "control/store/jobs.h"
#include "control/store/sql_database.h"

namespace millrace {

/// What is known of a connection's jobs, to say how it does. A plain value.
struct ConnectionJobs {
  std::optional<Job> active;
  std::optional<Job> last;          ///< that ended, of any kind
  std::optional<Job> last_sync;     ///< sync or refresh, whatever its state
  std::optional<Job> last_success;  ///< sync or refresh
};

/// Of each of these, by its id. Within the caller's transaction.
Result<std::map<std::string, ConnectionJobs>> JobsOfConnections(
    SqlTransaction& transaction, const std::vector<std::string>& connection_ids);

/// Airbyte's connectionSyncStatus: running, queued, pending, failed, paused, incomplete, synced.
/// `config_error`: the last job failed for a reason that somebody must mend.
std::string SyncStatusOf(const Connection& connection, const ConnectionJobs& jobs,
                         bool config_error);

/// How lists count and filter it: running, queued, paused, failed, healthy, notSynced.
std::string HealthOf(const Connection& connection, const ConnectionJobs& jobs);

/// The first failure of the job's last attempt, as the config API has it; null: none.
Result<Json> FailureOf(SqlTransaction& transaction, const Job& job);

}  // namespace millrace
