#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "declarative/jinja/py_value.h"
#include "protocol/state.h"

namespace millrace {

/// The states that a sync starts from, by stream name: dicts. Empty dicts count as none. A GLOBAL
/// state with something shared is refused, because no low-code connector ever made it.
Result<std::map<std::string, PyValue>> StatesByStream(const State& state);

}  // namespace millrace
