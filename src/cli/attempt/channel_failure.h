#pragma once

#include "attempt/attempt_channel.h"
#include "base/failure_origin.h"
#include "base/status.h"

namespace millrace {

/// Sends FAILURE and returns the exit code. `before_contact`: nothing was contacted yet, so that a
/// config error is a wrong configuration and not a refusal by some server. `origin`: whose failure
/// it is.
int TellFailure(AttemptChannel& channel, const Status& status, bool before_contact,
                FailureOrigin origin = FailureOrigin::kUnknown);

}  // namespace millrace
