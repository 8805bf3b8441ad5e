#pragma once

#include <arrow/type_fwd.h>
#include <parquet/column_writer.h>

#include "base/result.h"

namespace millrace {

/// Whether WriteFlatColumn() takes columns of this type: those with neither lists nor structs.
bool IsFlatColumn(const arrow::DataType& type);

/// Writes a row group's values of one flat column, in the form that the column stores, and closes
/// the column. Cheaper than Arrow's general way, which works out levels for any nesting and
/// allocates memory for each text whose length is stored apart. Throws what Parquet throws.
Status WriteFlatColumn(const arrow::ArrayVector& chunks, parquet::ArrowWriteContext& context,
                       parquet::ColumnWriter& column);

}  // namespace millrace
