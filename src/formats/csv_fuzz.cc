// Any bytes as a CSV file: survey, infer, read. The types that the survey found fit every value,
// the rows are those surveyed, and neither depends on how the bytes were cut into reads.
#include <arrow/record_batch.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "formats/csv_inference.h"
#include "formats/csv_layout.h"
#include "formats/csv_reader.h"

namespace millrace {
namespace {

/// Hands out a text in pieces of a given size.
class PiecewiseReader : public ByteReader {
 public:
  PiecewiseReader(std::string_view text, int64_t piece) : text_(text), piece_(piece) {}

  Result<int64_t> Read(char* out, int64_t size) override {
    const auto count = std::min({size, piece_, static_cast<int64_t>(text_.size())});
    std::memcpy(out, text_.data(), static_cast<size_t>(count));
    text_.remove_prefix(static_cast<size_t>(count));
    return count;
  }

 private:
  std::string_view text_;
  int64_t piece_;
};

struct Table {
  std::string failure;
  int64_t rows = 0;
  std::string text;
};

Table ReadTable(std::string_view file, const CsvOptions& options, int64_t piece) {
  const OpenTextAt open = [&](int64_t offset) -> Result<std::unique_ptr<ByteReader>> {
    MR_CHECK(offset >= 0 && offset <= static_cast<int64_t>(file.size()), "an offset in the file");
    return std::make_unique<PiecewiseReader>(file.substr(static_cast<size_t>(offset)), piece);
  };
  Table table;
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
    MR_CHECK((*batch)->ValidateFull().ok(), "a batch is valid");
    table.rows += (*batch)->num_rows();
    table.text += (*batch)->ToString();
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
  const Table whole = ReadTable(file, options, 1 << 20);
  const Table pieces = ReadTable(file, options, 1 + data[0] % 7);
  MR_CHECK(whole.failure == pieces.failure, "the same failure");
  MR_CHECK(whole.rows == pieces.rows && whole.text == pieces.text, "the same rows");
  return 0;
}
