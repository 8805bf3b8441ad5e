#pragma once

#include <arrow/type_fwd.h>
#include <parquet/properties.h>

#include <memory>
#include <vector>

#include "base/result.h"
#include "connector/source.h"
#include "formats/file_format.h"

namespace millrace {

/// The settings of a Parquet file: what `format` asks for, and per column the encoding that suits
/// its values, judged by a sample of the first row group (`rows`, in the schema `schema`):
/// a dictionary where values repeat; deltas for other integers, dates and times; lengths apart
/// from bytes for other text; shared prefixes for row ids. Texts get no min and max.
Result<std::shared_ptr<parquet::WriterProperties>> ParquetPropertiesFor(
    const FileFormat& format, const arrow::Schema& schema,
    const std::vector<arrow::ArrayVector>& columns);

}  // namespace millrace
