// Any bytes as a CSV file: survey, infer, read. The types that the survey found fit every value,
// the rows are those surveyed, and neither depends on how the bytes were cut into reads.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/check.h"
#include "formats/csv_inference.h"
#include "formats/csv_layout.h"
#include "formats/csv_reader.h"
#include "formats/testing/read_outcome.h"

namespace millrace {
namespace {

ReadOutcome ReadTable(std::string_view file, const CsvOptions& options, int64_t piece) {
  const OpenTextAt open = [&](int64_t offset) -> Result<std::unique_ptr<ByteReader>> {
    MR_CHECK(offset >= 0 && offset <= static_cast<int64_t>(file.size()), "an offset in the file");
    return std::make_unique<MemoryReader>(std::string(file.substr(static_cast<size_t>(offset))),
                                          piece);
  };
  ReadOutcome table;
  const auto layout = ReadCsvLayout(open, options);
  if (!layout.ok()) return {.failure = layout.status().ToString()};
  auto input = open(layout->data_offset);
  const auto survey = SurveyCsv(**input, options, layout->names.size(), layout->data_line,
                                static_cast<int64_t>(file.size()), {});
  if (!survey.ok()) return {.failure = survey.status().ToString()};
  const auto columns = CsvColumnsOf(*layout, survey->kinds, options);
  if (!columns.ok()) return {.failure = columns.status().ToString()};

  input = open(layout->data_offset);
  auto reader =
      CsvReader::Make(**input, options, *columns, layout->names.size(), layout->data_line);
  if (!reader.ok()) return {.failure = reader.status().ToString()};
  while (true) {
    const auto batch = (*reader)->Next();
    if (!batch.ok()) return {.failure = batch.status().ToString()};
    if (*batch == nullptr) break;
    table.Add(**batch);
  }
  MR_CHECK(table.rows + (*reader)->bad_lines() == survey->rows, "every row surveyed is read");
  return table;
}

}  // namespace
}  // namespace millrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  if (size == 0) return 0;
  CsvOptions options;
  options.bad_lines =
      (data[0] & 1) != 0 ? CsvOptions::BadLines::kSkip : CsvOptions::BadLines::kError;
  if ((data[0] & 2) != 0) options.header.reset();
  const std::string_view file(reinterpret_cast<const char*>(data) + 1, size - 1);
  CheckSameInPieces(file, data[0], [&](std::string_view bytes, int64_t piece) {
    return ReadTable(bytes, options, piece);
  });
  return 0;
}
