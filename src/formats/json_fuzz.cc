// Any bytes as a JSON file, by lines or as one text: what a survey accepts is read, with as many
// records, whatever pieces the bytes come in. (A number beyond every type becomes a null with a
// change.)
#include <arrow/record_batch.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/check.h"
#include "formats/json_reader.h"

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

Table ReadTable(std::string_view file, JsonDocuments::Layout layout, int64_t piece) {
  PiecewiseReader surveyed(file, piece);
  const auto survey = SurveyJson(surveyed, layout, 1, -1, {});
  if (!survey.ok()) return {.failure = survey.status().ToString()};

  Table table;
  PiecewiseReader input(file, piece);
  auto reader = JsonReader::Make(input, layout, survey->inference.Schema(), 1);
  MR_CHECK(reader.ok(), "a surveyed schema can be read");
  while (true) {
    const auto batch = (*reader)->Next();
    MR_CHECK(batch.ok(), "what was surveyed can be read");
    if (batch->rows == nullptr) break;
    MR_CHECK(batch->rows->ValidateFull().ok(), "a batch is valid");
    table.rows += batch->rows->num_rows();
    table.text += batch->rows->ToString();
  }
  MR_CHECK(table.rows == survey->inference.rows(), "every record surveyed is read");
  return table;
}

}  // namespace
}  // namespace millrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  if (size == 0) return 0;
  const auto layout =
      (data[0] & 1) != 0 ? JsonDocuments::Layout::kText : JsonDocuments::Layout::kLines;
  const std::string_view file(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Table whole = ReadTable(file, layout, 1 << 20);
  const Table pieces = ReadTable(file, layout, 1 + data[0] % 7);
  MR_CHECK(whole.failure == pieces.failure, "the same failure");
  MR_CHECK(whole.rows == pieces.rows && whole.text == pieces.text, "the same records");
  return 0;
}
