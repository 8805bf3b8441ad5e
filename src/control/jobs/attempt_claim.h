#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/resources/attempt_limits.h"
#include "control/store/actors.h"
#include "control/store/connections.h"
#include "control/store/jobs.h"
#include "control/store/sql_database.h"
#include "protocol/catalog.h"
#include "protocol/state_store.h"

namespace millrace {

/// An attempt that a worker has taken on: all that it needs to start it. A plain value.
struct AttemptClaim {
  Job job;
  Attempt attempt;
  Connection connection;
  Actor source, destination;
  EndResources source_resources, destination_resources;
  ConfiguredCatalog catalog;  ///< with generations, without what earlier attempts completed
  SavedState saved;
  std::vector<std::string> warnings;  ///< lines for the attempt's log
  /// Why it can't even start: end it with this.
  Status problem;
};

/// Who takes attempts on, and how many.
struct ClaimRules {
  std::string worker;          ///< this worker's name, the same after a restart
  int64_t lease_micros = 0;    ///< how long the attempt is its own, from `now`
  int64_t per_source_max = 0;  ///< jobs of one source at a time, over all workers; 0: no limit
  bool after_look = false;     ///< only jobs whose source was looked at (SourceLook)
};

/// Takes the job that has waited longest, if one is due: makes its next attempt, gives its streams
/// their generations, and makes the saved state this attempt's. Within the caller's transaction,
/// all or nothing. A job whose connection is gone is cancelled on the way. Several workers may call
/// it at once: each job goes to one of them.
Result<std::optional<AttemptClaim>> ClaimAttempt(SqlTransaction& transaction,
                                                 SqlDatabase::Engine engine,
                                                 const ClaimRules& rules, int64_t now);

}  // namespace millrace
