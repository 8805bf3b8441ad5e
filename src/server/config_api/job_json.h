#pragma once

#include <vector>

#include "base/json.h"
#include "control/jobs/job_service.h"

namespace millrace {

// Jobs and attempts as the config API shows them; times are whole seconds.

/// JobRead, with the statistics of all attempts.
Json JobJson(const Job& job, const std::vector<Attempt>& attempts);
/// AttemptRead.
Json AttemptJson(const Attempt& attempt);
/// The attempts to show for a job. One that waits for its first shows it as already running, with
/// no rows: clients look at the last one without asking whether there is any.
std::vector<Attempt> AttemptsToShow(const JobWithAttempts& job);

}  // namespace millrace
