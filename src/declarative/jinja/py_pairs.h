#pragma once

#include <vector>

#include "base/result.h"
#include "declarative/jinja/py_value.h"

namespace millrace {

/// What dict(value) and dict.update(value) take: a mapping's members, or an iterable of pairs. A
/// TypeError or ValueError when an item is no pair.
Result<std::vector<PyDict::Entry>> PyPairsOf(const PyValue& value);

}  // namespace millrace
