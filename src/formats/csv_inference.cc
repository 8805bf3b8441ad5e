#include "formats/csv_inference.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "formats/csv_row_reader.h"
#include "formats/csv_values.h"

namespace millrace {
namespace {

/// How often a stop is looked for.
constexpr int64_t kRowsPerStopCheck = 4096;

}  // namespace

Result<CsvSurvey> SurveyCsv(ByteReader& input, const CsvOptions& options, size_t column_count,
                            int64_t first_line, int64_t bytes_max, std::stop_token stop) {
  const CsvValues values(options);
  CsvSurvey survey;
  survey.kinds.resize(column_count);
  std::vector<CsvKind> likely(column_count, kCsvInt);
  CsvRowReader reader(input, options.dialect, first_line);
  std::string scratch;
  while (reader.next_offset() < bytes_max &&
         (options.rows_max < 0 || survey.rows < options.rows_max)) {
    MR_ASSIGN_OR_RETURN(const bool more, reader.Next());
    if (!more) break;
    // Blank lines may have led past the end.
    if (reader.row_offset() >= bytes_max) {
      survey.end_offset = reader.row_offset();
      survey.end_line = reader.line();
      return survey;
    }
    const std::span<const CsvField> fields = reader.fields();
    const size_t count = std::min(fields.size(), column_count);
    for (size_t at = 0; at < count; ++at) {
      if (likely[at] == kCsvText) continue;
      const std::string_view text = fields[at].form == CsvField::Form::kCoded
                                        ? reader.Decode(fields[at], scratch)
                                        : fields[at].raw;
      if (values.IsNull(text)) continue;
      likely[at] = values.KindOf(text, likely[at]);
      survey.kinds[at] = static_cast<uint8_t>(survey.kinds[at] | likely[at]);
    }
    ++survey.rows;
    if (survey.rows % kRowsPerStopCheck == 0 && stop.stop_requested()) return Status::Canceled();
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
