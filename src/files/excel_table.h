#pragma once

#include <memory>

#include "files/file_input.h"
#include "files/file_table.h"
#include "formats/excel_reader.h"

namespace millrace {

/// A sheet of an .xlsx workbook as a table: one piece. `input` outlives it.
std::unique_ptr<FileTable> MakeExcelTable(FileInput& input, const ExcelOptions& options);

}  // namespace millrace
