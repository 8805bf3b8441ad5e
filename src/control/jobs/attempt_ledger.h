#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "attempt/config_change.h"
#include "attempt/sync_report.h"
#include "base/clock.h"
#include "base/result.h"
#include "control/secrets/secret_box.h"
#include "control/store/jobs.h"
#include "control/store/sql_database.h"
#include "protocol/state_store.h"

namespace millrace {

/// Which attempt, and that it is the newest one. A plain value.
struct AttemptKey {
  int64_t job = 0;
  int64_t number = 0;
  int64_t fencing_token = 0;
};

// What is stored of an attempt while it runs. Within the caller's transaction. Each is false, and
// changes nothing, when the attempt is not the worker's any more: it has ended, or was given up
// because its lease ran out.

Result<bool> RenewAttemptLease(SqlTransaction& transaction, const AttemptKey& key,
                               int64_t lease_until);

/// Merges a state in. One whose checkpoint is not greater than the last one is stored already.
Result<bool> StoreAttemptState(SqlTransaction& transaction, const AttemptKey& key,
                               const std::string& connection_id, const StateMessage& state,
                               CheckpointId checkpoint, int64_t now);

/// Stores what one of the connection's connectors changed in its configuration.
Result<bool> StoreAttemptConfiguration(SqlTransaction& transaction, const AttemptKey& key,
                                       const std::string& connection_id, const SecretBox& box,
                                       const ConfigChange& change, int64_t now);

/// Its statistics, and how its streams fare; tables that are finished are remembered as such.
/// `streams` are those whose status has changed.
Result<bool> StoreAttemptProgress(SqlTransaction& transaction, const AttemptKey& key,
                                  const std::string& connection_id, const JsonValue& stats,
                                  const std::vector<StreamReport>& streams, int64_t now);

/// How an attempt ended.
struct AttemptEnd {
  bool succeeded = false;
  /// What went wrong, as the config API has it (FailureJson).
  std::vector<JsonValue> failures;
};
/// Ends the attempt and moves its job: it succeeded, is cancelled when that was asked for, waits
/// for the next attempt as the retry ladder says, or has failed; a connection whose jobs only fail
/// is disabled.
Result<bool> EndAttempt(SqlTransaction& transaction, const AttemptKey& key, const AttemptEnd& end,
                        int64_t now);

/// Stores the end of an attempt that no process is left of, in a transaction of its own; false when
/// it was not running any more.
Result<bool> EndLostAttempt(SqlDatabase& database, const Clock& clock, const Attempt& attempt,
                            const Error& error);

/// The running attempts of a worker; those of anybody whose lease has run out.
Result<std::vector<Attempt>> RunningAttempts(SqlTransaction& transaction,
                                             const std::string& worker);
Result<std::vector<Attempt>> LostAttempts(SqlTransaction& transaction, int64_t now);
/// Those of its jobs that are to be cancelled.
Result<std::vector<int64_t>> JobsToCancel(SqlTransaction& transaction, const std::string& worker);

}  // namespace millrace
