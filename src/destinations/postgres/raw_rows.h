#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <vector>

#include "base/result.h"
#include "connector/change_batch.h"

namespace millrace {

/// Rows as raw tables have them (RawTableColumns): the record as JSON in `_airbyte_data` beside
/// Airbyte's metadata. `changes` are those that the rows' own columns had; they stay.
Result<std::shared_ptr<arrow::RecordBatch>> RawRowsOf(
    const std::shared_ptr<arrow::RecordBatch>& rows, std::vector<FieldChange>& changes);

/// Config error when the metadata columns are not there that raw tables need.
Status CheckRawSchema(const arrow::Schema& schema);

}  // namespace millrace
