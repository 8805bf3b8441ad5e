// Any bytes as a JSON file, by lines or as one text: what a survey accepts is read, with as many
// records, whatever pieces the bytes come in. (A number beyond every type becomes a null with a
// change.)
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "formats/json_reader.h"
#include "formats/testing/read_outcome.h"

namespace millrace {
namespace {

ReadOutcome ReadTable(std::string_view file, JsonDocuments::Layout layout, int64_t piece) {
  MemoryReader surveyed(std::string(file), piece);
  const auto survey = SurveyJson(surveyed, layout, 1, -1, {});
  if (!survey.ok()) return {.failure = survey.status().ToString()};

  ReadOutcome table;
  MemoryReader input(std::string(file), piece);
  auto reader = JsonReader::Make(input, layout, survey->inference.Schema(), 1);
  MR_CHECK(reader.ok(), "a surveyed schema can be read");
  while (true) {
    const auto batch = (*reader)->Next();
    MR_CHECK(batch.ok(), "what was surveyed can be read");
    if (batch->rows == nullptr) break;
    table.Add(*batch->rows);
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
  CheckSameInPieces(file, data[0], [&](std::string_view bytes, int64_t piece) {
    return ReadTable(bytes, layout, piece);
  });
  return 0;
}
