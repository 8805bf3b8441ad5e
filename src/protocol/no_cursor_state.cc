#include "protocol/no_cursor_state.h"

#include <nlohmann/json.hpp>

namespace millrace {

bool SaysRead(const Json& state) { return state.is_object() && state.contains(kNoCursorKey); }

}  // namespace millrace
