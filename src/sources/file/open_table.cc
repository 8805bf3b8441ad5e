#include "sources/file/open_table.h"

#include <utility>

#include "files/excel_table.h"
#include "files/parquet_table.h"
#include "files/text_input.h"
#include "sources/file/csv_table.h"
#include "sources/file/json_table.h"

namespace millrace {

Result<std::unique_ptr<FileTable>> OpenFileTable(const FileConfig& config, FileInput& input) {
  if (config.format == SourceFileFormat::kParquet) return MakeParquetTable(input);
  if (config.format == SourceFileFormat::kExcel) {
    ExcelOptions excel;
    excel.sheet_name = config.options.sheet_name;
    excel.sheet_index = config.options.sheet_index;
    excel.rows = config.options.csv;
    excel.use_letters = config.options.use_letters;
    return MakeExcelTable(input, excel);
  }
  MR_ASSIGN_OR_RETURN(TextInput text, TextInput::Make(config.options.text, input));
  if (config.format == SourceFileFormat::kCsv)
    return std::make_unique<CsvTable>(config, std::move(text));
  return std::make_unique<JsonTable>(config, std::move(text));
}

}  // namespace millrace
