#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "declarative/jinja/py_value.h"

namespace millrace {

// Python's int() and float().

/// int(text, base): white space around, a sign, underscores, a prefix that fits the base (0: any).
std::optional<PyValue> PyIntOfText(std::string_view text, int base = 10);
/// float(text): also "inf", "nan" and the like.
std::optional<double> PyFloatOfText(std::string_view text);

/// int(value), float(value). ValueError for text that is no number, TypeError for other kinds,
/// OverflowError for what doesn't fit.
Result<PyValue> PyToInt(const PyValue& value);
Result<double> PyToFloat(const PyValue& value);

/// text.strip().
std::string_view PyStripped(std::string_view text);

}  // namespace millrace
