#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "control/store/jobs.h"
#include "control/store/sql_database.h"

namespace millrace {

// What the connection's timeline says about a job. Within the caller's transaction.

/// SYNC_STARTED, REFRESH_STARTED, CLEAR_STARTED.
Status TellJobStarted(SqlTransaction& transaction, const Job& job);
/// …_SUCCEEDED, _FAILED, _CANCELLED, and _INCOMPLETE for a failed job that loaded something. The
/// job is in its final state.
Status TellJobEnded(SqlTransaction& transaction, const Job& job,
                    const std::vector<Attempt>& attempts);

}  // namespace millrace
