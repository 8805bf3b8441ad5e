#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "formats/csv_dialect.h"

namespace millrace {

/// How a CSV file is to be read: pandas' read_csv in its own words, as far as Millrace has them.
struct CsvOptions {
  enum class BadLines { kError, kWarn, kSkip };

  CsvDialect dialect;
  int64_t skip_rows = 0;          ///< physical lines before anything else
  std::optional<int> header = 0;  ///< the row with the names; none: the columns are "0", "1", …
  std::vector<std::string> names;
  std::vector<std::string> use_columns;  ///< empty: all
  int64_t rows_max = -1;                 ///< -1: all
  BadLines bad_lines = BadLines::kError;
  bool short_rows_are_bad = false;  ///< else what they lack is null
  /// For messages: how the user lets bad rows go.
  std::string bad_lines_advice = "reader_options: {\"on_bad_lines\": \"skip\"}";
  int64_t skip_rows_after_header = 0;  ///< physical lines
  std::string position_prefix;         ///< before the numbers that name columns without a header

  std::vector<std::string> na_values;  ///< what else means null
  bool keep_default_na = true;
  char decimal = '.';
  std::optional<char> thousands;
  bool infer_dates = true;
  /// Columns whose type is given, by name; the rest is inferred.
  std::map<std::string, std::shared_ptr<arrow::DataType>> types;
  /// The type of every column without one of its own.
  std::shared_ptr<arrow::DataType> type_of_all;
};

}  // namespace millrace
