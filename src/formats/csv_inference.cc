#include "formats/csv_inference.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "formats/csv_row_reader.h"
#include "formats/csv_values.h"

namespace millrace {
namespace {

/// How often a stop is looked for.
constexpr int64_t kBlocksPerStopCheck = 64;

}  // namespace

Result<CsvSurvey> SurveyCsv(ByteReader& input, const CsvOptions& options, size_t column_count,
                            int64_t first_line, int64_t bytes_max, std::stop_token stop) {
  const CsvValues values(options);
  CsvSurvey survey;
  survey.kinds.resize(column_count);
  std::vector<CsvKind> likely(column_count, kCsvInt);
  CsvRowReader reader(input, options.dialect, first_line);
  CsvRows rows;
  std::string scratch;
  for (int64_t blocks = 0;; ++blocks) {
    int64_t rows_max = kCsvRowsAtOnce;
    if (options.rows_max >= 0) rows_max = std::min(rows_max, options.rows_max - survey.rows);
    MR_ASSIGN_OR_RETURN(const bool more,
                        reader.NextRows(static_cast<size_t>(rows_max), bytes_max, &rows));
    if (!more) break;
    for (size_t column = 0; column < column_count; ++column) {
      // A text column stays one, whatever comes.
      if (likely[column] == kCsvText) continue;
      for (size_t row = 0; row < rows.size(); ++row) {
        if (column >= rows.count[row]) continue;
        const CsvField& field = rows.fields[rows.first[row] + column];
        const std::string_view text =
            field.form == CsvField::Form::kCoded ? reader.Decode(field, scratch) : field.raw;
        if (values.IsNull(text)) continue;
        const CsvKind kind = values.KindOf(text, likely[column]);
        survey.kinds[column] = static_cast<uint8_t>(survey.kinds[column] | kind);
        likely[column] = kind;
      }
    }
    survey.rows += static_cast<int64_t>(rows.size());
    if (blocks % kBlocksPerStopCheck == 0 && stop.stop_requested()) return Status::Canceled();
  }
  survey.end_offset = reader.next_offset();
  survey.end_line = reader.next_line();
  return survey;
}

Result<std::vector<CsvColumn>> CsvColumnsOf(const CsvLayout& layout,
                                            const std::vector<uint8_t>& kinds,
                                            const CsvOptions& options) {
  const std::set<std::string> present(layout.names.begin(), layout.names.end());
  for (const std::string& name : options.use_columns) {
    if (!present.contains(name)) {
      return ConfigError("reader_options: usecols names the column '{}', which the file lacks",
                         name);
    }
  }
  for (const auto& [name, type] : options.types) {
    if (!present.contains(name)) {
      return ConfigError("reader_options: dtype names the column '{}', which the file lacks", name);
    }
  }
  std::vector<CsvColumn> columns;
  for (size_t at = 0; at < layout.names.size(); ++at) {
    const std::string& name = layout.names[at];
    if (!options.use_columns.empty() &&
        std::find(options.use_columns.begin(), options.use_columns.end(), name) ==
            options.use_columns.end()) {
      continue;
    }
    const auto given = options.types.find(name);
    std::shared_ptr<arrow::DataType> type = options.type_of_all;
    if (given != options.types.end()) type = given->second;
    if (type == nullptr) type = CsvValues::TypeOf(kinds[at]);
    columns.push_back({name, static_cast<int>(at), std::move(type)});
  }
  return columns;
}

}  // namespace millrace
