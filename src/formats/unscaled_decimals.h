#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "base/result.h"

namespace millrace {

/// Decimals of at most 18 digits as the integers that Parquet stores for them (32 bits up to 9
/// digits, else 64); any other column as it is. Arrow's writer would make the same, a value at a
/// time.
Result<std::shared_ptr<arrow::Array>> UnscaledDecimals(const std::shared_ptr<arrow::Array>& column);

}  // namespace millrace
