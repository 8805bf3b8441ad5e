#pragma once

#include <memory>

#include "formats/file_writer.h"

namespace millrace {

/// A Parquet file. Rows are buffered as the batches they came in (nothing is copied) until they
/// make a row group: 122,880 rows, or less when they are wide; a row group is then encoded column
/// by column, straight into the sink. Encodings are chosen from the first row group.
Result<std::unique_ptr<FileWriter>> MakeParquetWriter(const FileFormat& format,
                                                      const SchemaPtr& schema, ByteSink& sink);

}  // namespace millrace
