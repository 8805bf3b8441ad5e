#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"
#include "protocol/state.h"

namespace millrace {

/// ConnectionState of the config API; without a connectionId, which is the caller's.
Json ConnectionStateJson(const State& state);
/// Of {"stateType", "streamState" | "globalState" | "state"}. Config errors name the field.
Result<State> StateOfConnectionState(const Json& json);

}  // namespace millrace
