#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "control/jobs/job_state.h"
#include "control/store/jobs.h"
#include "control/store/sql_database.h"

namespace millrace {

/// The job, locked until the transaction ends: nobody else moves it meanwhile.
Result<std::optional<Job>> LockJob(SqlTransaction& transaction, int64_t id);

/// Moves the job by the table of JobState, within the caller's transaction: its new state, times,
/// `document` and cancel_asked are stored; an end is told on the connection's timeline, and a
/// connection that only fails is disabled. False: its
/// state is not what `job` says any more, or the event can't happen there; nothing was changed.
Result<bool> MoveJob(SqlTransaction& transaction, Job* job, JobEvent event, int64_t now);

}  // namespace millrace
