#pragma once

#include "base/clock.h"
#include "control/definitions/definitions.h"
#include "control/jobs/job_service.h"
#include "control/logs/attempt_logs.h"
#include "control/secrets/secret_box.h"
#include "control/store/sql_database.h"
#include "server/config_api/call_probes.h"

namespace millrace {

/// What calls work with. The server owns it; everything in it may be used from any thread.
struct Services {
  SqlDatabase& database;
  const SecretBox& box;
  const Definitions& definitions;
  const Clock& clock;
  const JobService& jobs;
  AttemptLogs& logs;
  const CallProbes& probes;  ///< runs the checks and discoveries that calls ask for

  /// Microseconds since 1970 UTC.
  int64_t Now() const { return clock.WallNow().time_since_epoch().count(); }
};

}  // namespace millrace
