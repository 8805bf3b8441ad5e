#pragma once

#include "attempt/attempt_channel.h"
#include "base/status.h"

namespace millrace {

/// Sends FAILURE and returns the exit code. `before_contact`: nothing was contacted yet, so that a
/// config error is a wrong configuration and not a refusal by some server.
int TellFailure(AttemptChannel& channel, const Status& status, bool before_contact);

}  // namespace millrace
