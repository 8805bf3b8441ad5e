#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "connector/change_batch.h"
#include "connector/source.h"
#include "formats/csv_options.h"
#include "formats/xlsx_sheet.h"
#include "formats/xlsx_workbook.h"

namespace millrace {

/// How a sheet is to be read: pandas' read_excel, as far as it is known here.
struct ExcelOptions {
  std::optional<std::string> sheet_name;
  int sheet_index = 0;  ///< without a name
  /// header, names, skip_rows, rows_max, use_columns (names, or Excel's letters: "A", "C:E"),
  /// na_values and keep_default_na count.
  CsvOptions rows;
  bool use_letters = false;
};

/// One sheet of a workbook as a table. A column's type holds all of its cells: numbers are int64
/// when all are whole, else double; dates are local timestamps, times of day are times, a mixture
/// is text. Rows without cells between others are rows of nulls. Immutable once surveyed.
class ExcelSheet {
 public:
  /// Finds the sheet and looks at every cell. Blocks for I/O.
  static Result<ExcelSheet> Survey(OpenWorkbook open, const ExcelOptions& options,
                                   std::stop_token stop);

  const SchemaPtr& schema() const { return schema_; }
  int64_t row_count() const { return rows_; }

  /// Hands out the rows, of `columns` (empty: all), in batches of 122,880 rows or some 4 MiB.
  Status Read(const std::set<std::string>& columns, const std::function<Status(ChangeBatch)>& sink,
              std::stop_token stop) const;

 private:
  struct Column {
    std::string name;
    int position = 0;
    uint8_t kinds = 0;
  };

  explicit ExcelSheet(XlsxWorkbook workbook) : workbook_(std::move(workbook)) {}

  Status FindSheet(const ExcelOptions& options);
  Status NameColumns(const ExcelOptions& options, const XlsxRow& header, int last_column);
  bool Wanted(const ExcelOptions& options, const std::string& name, int position) const;

  XlsxWorkbook workbook_;
  std::string part_;
  CsvOptions options_;
  std::vector<Column> columns_;
  int64_t first_row_ = 1;  // of the data, as Excel counts
  int64_t rows_ = 0;
  SchemaPtr schema_;
};

}  // namespace millrace
