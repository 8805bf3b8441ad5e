#pragma once

#include <string>

#include "attempt/attempt_channel.h"
#include "attempt/config_change.h"

namespace millrace {

/// Keeps what a connector changed in its configuration with the parent. Blocks until it is stored,
/// a minute at most while the parent can be reached. Fails as the parent does; kCanceled: there is
/// no parent any more. The channel outlives it.
KeepConfig ParentKeeps(AttemptChannel& channel);

}  // namespace millrace
