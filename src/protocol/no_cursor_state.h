#pragma once

#include "base/json.h"

namespace millrace {

/// The key of Airbyte's state of a stream that has no cursor and has been read.
inline constexpr const char* kNoCursorKey = "__ab_no_cursor_state_message";

/// Whether a stream's state is that.
bool SaysRead(const Json& state);

}  // namespace millrace
