#pragma once

#include <string>

#include "base/result.h"
#include "declarative/jinja/py_value.h"

namespace millrace {

/// What tells partitions apart: the value as compact JSON with sorted keys (1, 1.0 and true are
/// three). A TypeError when JSON can't write it.
Result<std::string> PartitionKey(const PyValue& partition);

/// Text that is the same for two values exactly when Python counts them as one in a set (1, 1.0 and
/// True are one). A TypeError for lists and dicts, which no set takes.
Result<std::string> SetKey(const PyValue& value);

}  // namespace millrace
