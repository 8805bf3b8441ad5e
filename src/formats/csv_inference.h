#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <vector>

#include "base/byte_reader.h"
#include "base/result.h"
#include "formats/csv_layout.h"
#include "formats/csv_options.h"

namespace millrace {

/// What one pass over (a part of) a CSV file's rows has found out.
struct CsvSurvey {
  std::vector<uint8_t> kinds;  ///< per column, a set of CsvKind
  int64_t rows = 0;
  int64_t end_offset = 0;  ///< bytes read: where the row after the last one surveyed starts
  int64_t end_line = 0;    ///< the line it is on
};

/// Looks at every value of the rows that start before `bytes_max` (of `input`, which stands at a
/// row's start) and collects what kinds of values each column has. A row with the wrong number of
/// fields does not matter here, and neither do rows beyond options.rows_max.
Result<CsvSurvey> SurveyCsv(ByteReader& input, const CsvOptions& options, size_t column_count,
                            int64_t first_line, int64_t bytes_max, std::stop_token stop);

/// A column of a CSV file that is wanted.
struct CsvColumn {
  std::string name;
  int position = 0;
  std::shared_ptr<arrow::DataType> type;
};

/// The columns that the options let through, with the types they give or the values found.
/// Config errors name columns that the options ask for and the file lacks.
Result<std::vector<CsvColumn>> CsvColumnsOf(const CsvLayout& layout,
                                            const std::vector<uint8_t>& kinds,
                                            const CsvOptions& options);

}  // namespace millrace
