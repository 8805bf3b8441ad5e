#pragma once

#include <cstdint>

#include "base/result.h"
#include "control/jobs/job_service.h"
#include "control/store/connections.h"
#include "control/store/sql_database.h"

namespace millrace {

/// Makes a sync for each connection whose schedule wants one by `now` (microseconds since 1970
/// UTC) and that has no active job, a hundred at most; what was missed while nobody looked runs
/// once. Several servers may do so at once: each job is made once.
Status MakeDueJobs(SqlDatabase& database, const JobService& jobs, int64_t now);

/// Sets when the connection is due next, after a job that was made at `last_run`. Within the
/// caller's transaction.
Status SetNextRun(SqlTransaction& transaction, const Connection& connection, int64_t last_run,
                  int64_t now);

}  // namespace millrace
