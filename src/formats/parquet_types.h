#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "base/result.h"
#include "connector/source.h"

namespace millrace {

/// The schema that a stream's rows have in a Parquet file: untyped JSON becomes plain text, a
/// column of nulls becomes text, `_airbyte_extracted_at` has milliseconds (as Airbyte's files),
/// dictionaries are unpacked. A system error names the column that Parquet can't hold.
Result<SchemaPtr> ParquetSchemaOf(const arrow::Schema& schema);

/// `column` in the type that ParquetSchemaOf gave it. Shares buffers; copies only what must change.
Result<std::shared_ptr<arrow::Array>> ParquetColumnOf(const std::shared_ptr<arrow::Array>& column,
                                                      const std::shared_ptr<arrow::DataType>& type);

}  // namespace millrace
