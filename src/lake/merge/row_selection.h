#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"

namespace millrace {

/// The given rows of a batch, in the given order; -1 gives a row of nulls.
Result<std::shared_ptr<arrow::RecordBatch>> SelectRows(
    const std::shared_ptr<arrow::RecordBatch>& batch, const std::vector<int64_t>& rows);

/// Likewise for one column.
Result<std::shared_ptr<arrow::Array>> SelectValues(const arrow::Array& column,
                                                   const std::vector<int64_t>& rows);

}  // namespace millrace
