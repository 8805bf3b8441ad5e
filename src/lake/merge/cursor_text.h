#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <string>

namespace millrace {

/// A cursor's value as bytes that compare as the values do: null is least (and empty), numbers by
/// value, times by time, text byte by byte.
std::string CursorText(const arrow::Array& column, int64_t row);

}  // namespace millrace
