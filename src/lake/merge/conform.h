#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "base/result.h"
#include "connector/source.h"

namespace millrace {

/// `rows` in the columns and types of `schema`, by name: what a table's older files and changes
/// become when they are written again. A column that they lack is null; one that `schema` lacks is
/// left out. A config error names the column whose values do not fit its new type: nothing is
/// rounded.
Result<std::shared_ptr<arrow::RecordBatch>> ConformRows(const arrow::RecordBatch& rows,
                                                        const SchemaPtr& schema);

/// One column likewise; null stands for a missing one, of `rows` rows.
Result<std::shared_ptr<arrow::Array>> ConformColumn(const std::shared_ptr<arrow::Array>& column,
                                                    const arrow::Field& field, int64_t rows);

/// `schema` with every column nullable that is so in `file`, or missing there.
SchemaPtr WithNullableOf(const SchemaPtr& schema, const arrow::Schema& file);

}  // namespace millrace
