#pragma once

#include "base/result.h"
#include "declarative/jinja/py_value.h"

namespace millrace {

// Python's constructors of numbers, with one argument. Failures are PyErrors: ValueError and
// TypeError for what is no number, OverflowError for what is too large for the kind.

/// int(value): truncates floats, reads text of digits (with "_" between them and space around).
Result<PyValue> PyIntOf(const PyValue& value);
/// float(value): reads text too, "inf" and "nan" included.
Result<PyValue> PyFloatOf(const PyValue& value);

}  // namespace millrace
