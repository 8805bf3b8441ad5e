#include "sources/file/open_table.h"

#include <utility>

#include "sources/file/csv_table.h"
#include "sources/file/json_table.h"
#include "files/parquet_table.h"
#include "files/text_input.h"

namespace millrace {

Result<std::unique_ptr<FileTable>> OpenFileTable(const FileConfig& config, FileInput& input) {
  if (config.format == SourceFileFormat::kParquet) return MakeParquetTable(input);
  MR_ASSIGN_OR_RETURN(TextInput text, TextInput::Make(config.options.text, input));
  if (config.format == SourceFileFormat::kCsv)
    return std::make_unique<CsvTable>(config, std::move(text));
  return std::make_unique<JsonTable>(config, std::move(text));
}

}  // namespace millrace
