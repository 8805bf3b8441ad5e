// Any bytes as what a source prints: they are taken the same in whatever pieces they come, and
// what comes out is whole.
#include <arrow/record_batch.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/log.h"
#include "external/message_reading.h"

namespace millrace {
namespace {

/// Says what came of the bytes.
class Outcome : public SourceOutput, public MessageEvents {
 public:
  Status Open(const StreamDescriptor&, const SchemaPtr&) override { return Status::Ok(); }
  Status Emit(const StreamDescriptor& stream, ChangeBatch batch, Deadline) override {
    MR_CHECK(batch.rows->ValidateFull().ok(), "a batch is whole");
    said += stream.name + batch.rows->ToString();
    for (const FieldChange& change : batch.changes) {
      MR_CHECK(change.row < batch.num_rows(), "a change is of a row");
      said += change.field + change.reason;
    }
    return Status::Ok();
  }
  Status Truncate(const StreamDescriptor&) override { return Status::Ok(); }
  Status Checkpoint(StateMessage state) override {
    said += ToJson(state).dump();
    return Status::Ok();
  }
  void ReportStatus(const StreamDescriptor& stream, StreamStatus status,
                    std::optional<Error>) override {
    said += stream.name + std::string(ToString(status));
  }
  void ReportEstimate(const StreamDescriptor&, std::optional<int64_t>,
                      std::optional<int64_t>) override {}

  Status TakeOtherLine(std::string_view, int64_t number, std::string_view fault, bool) override {
    said += fmt::format("other {} {}", number, fault);
    return Status::Ok();
  }
  Status TakeMessage(const std::string& type, const Json&, int64_t) override {
    said += type;
    return Status::Ok();
  }
  void TakeError(Error error) override { said += error.message; }
  Status Fault(int64_t number, std::string_view what) override {
    return SystemError("line {}: {}", number, what);
  }

  std::string said;
};

std::string Read(std::string_view bytes, size_t piece, bool keep_undeclared) {
  ConfiguredCatalog catalog;
  for (const char* name : {"a", "b"}) {
    ConfiguredStream stream;
    stream.stream.descriptor.name = name;
    stream.stream.json_schema = Json::parse(R"({"properties": {
        "id": {"type": "integer"}, "x": {"type": "number"}, "s": {"type": "string"}, "j": {},
        "t": {"type": "string", "format": "date-time"}, "l": {"type": "array", "items": {"type": "boolean"}},
        "o": {"type": "object", "properties": {"p": {"type": "integer"}}}}})");
    catalog.streams.push_back(std::move(stream));
  }
  Outcome outcome;
  MessageReading reading(outcome, outcome, /*line_bytes_max=*/1 << 20, keep_undeclared);
  MR_CHECK(reading.Open(catalog).ok(), "streams open");
  Status read;
  while (read.ok() && !bytes.empty()) {
    const std::string chunk(bytes.substr(0, piece));  // nothing of ours stands behind it
    read = reading.Take(chunk);
    bytes.remove_prefix(chunk.size());
  }
  if (read.ok()) read = reading.End(std::nullopt);
  return outcome.said + read.ToString();
}

}  // namespace
}  // namespace millrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  SetLogSink([](LogLevel, std::string_view) {});
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const bool keep = (data[0] & 1) != 0;
  MR_CHECK(Read(bytes, size, keep) == Read(bytes, 1 + data[0] / 2, keep),
           "pieces make no difference");
  return 0;
}
