#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <vector>

#include "base/result.h"
#include "connector/change_batch.h"

namespace millrace {

/// The batch's rows with values that the source did not send as nulls, for files: they have no
/// stored row to look into. Each such value is appended to `changes` (sorted by row afterwards).
Result<std::shared_ptr<arrow::RecordBatch>> NullUnchanged(const ChangeBatch& batch,
                                                          std::vector<FieldChange>& changes);

/// `column` with nulls also where `where` is true.
Result<std::shared_ptr<arrow::Array>> NullWhere(const arrow::Array& column,
                                                const arrow::BooleanArray& where);

/// `rows` with `changes` (sorted by row) in `_airbyte_meta`; as it is where there is no such
/// column.
Result<std::shared_ptr<arrow::RecordBatch>> WithMetaChanges(
    std::shared_ptr<arrow::RecordBatch> rows, const std::vector<FieldChange>& changes);

}  // namespace millrace
