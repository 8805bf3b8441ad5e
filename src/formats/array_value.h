#pragma once

#include <arrow/array/array_base.h>

#include <cstdint>

namespace millrace {

/// The value of a row, which is not null, of an array whose class is known: by value, or as a view
/// into the array.
template <typename ArrayType>
auto ValueOf(const arrow::Array& array, int64_t row) {
  return static_cast<const ArrayType&>(array).Value(row);
}

}  // namespace millrace
