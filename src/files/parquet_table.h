#pragma once

#include <memory>

#include "files/file_input.h"
#include "files/file_table.h"

namespace millrace {

/// A Parquet file as a table: a piece is a row group. `input` outlives it and must be ranged.
Result<std::unique_ptr<FileTable>> MakeParquetTable(FileInput& input);

}  // namespace millrace
