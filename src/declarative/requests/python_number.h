#pragma once

#include <cstdint>

#include "base/result.h"
#include "declarative/jinja/py_value.h"

namespace millrace {

/// int(value), which has to fit 64 bits. TypeError or ValueError.
Result<int64_t> PyInt64Of(const PyValue& value);

}  // namespace millrace
