#include "sources/file/parquet_table.h"

namespace millrace {

Result<std::unique_ptr<FileTable>> MakeParquetTable(FileInput& input) {
  return ConfigError("{}: parquet comes later", input.name());
}

}  // namespace millrace
