#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>

namespace millrace {

/// What a look at some values of a column tells about all of them. A plain value.
struct ValueSample {
  int64_t values = 0;    ///< non-null values looked at
  int64_t distinct = 0;  ///< how many of them differ

  bool mostly_distinct() const { return distinct * 5 > values * 3; }
};

/// Looks at up to 16,384 values, evenly spread over the chunks. A type without plain values
/// (nested, boolean) gives an empty sample.
ValueSample SampleValues(const arrow::ArrayVector& chunks);

}  // namespace millrace
