#include "external/record_lines.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <fmt/compile.h>

#include <iterator>
#include <nlohmann/json.hpp>

#include "formats/meta_changes.h"

namespace millrace {
namespace {

/// Text is handed on once there is this much of it.
constexpr size_t kHandOnBytes = 64 << 10;
/// One large record must not keep its memory.
constexpr size_t kKeptBytes = 256 << 10;

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

RecordLines::RecordLines(const StreamDescriptor& stream, JsonEncoder encoder)
    : encoder_(std::move(encoder)) {
  Json head = Json::object();
  head["stream"] = stream.name;
  if (stream.name_space) head["namespace"] = *stream.name_space;
  const std::string fields = Dump(head);
  head_ = R"({"type":"RECORD","record":)" + fields.substr(0, fields.size() - 1) + R"(,"data":)";
}

Result<RecordLines> RecordLines::Make(const StreamDescriptor& stream, const SchemaPtr& schema) {
  MR_ASSIGN_OR_RETURN(JsonEncoder encoder, JsonEncoder::Make(schema));
  return RecordLines(stream, std::move(encoder));
}

Status RecordLines::SetSchema(const SchemaPtr& schema) {
  MR_ASSIGN_OR_RETURN(encoder_, JsonEncoder::Make(schema));
  return Status::Ok();
}

Status RecordLines::Write(const ChangeBatch& batch, WallTime now, const TakeLines& take) {
  std::vector<FieldChange> changes = batch.changes;
  MR_ASSIGN_OR_RETURN(const auto rows, NullUnchanged(batch, changes));
  const int64_t now_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
  const arrow::Int64Array* const times = batch.extracted_at.get();
  Changes change = changes.begin();
  int64_t records = 0;
  for (int64_t row = 0; row < rows->num_rows(); ++row) {
    text_ += head_;
    encoder_.AppendRow(*rows, row, text_);
    const bool timed = times != nullptr && times->IsValid(row);
    fmt::format_to(std::back_inserter(text_), FMT_COMPILE(R"(,"emitted_at":{})"),
                   timed ? times->Value(row) : now_ms);
    AppendChanges(row, &change, changes.end());
    text_ += "}}\n";
    ++records;
    if (text_.size() < kHandOnBytes && row + 1 < rows->num_rows()) continue;
    const Status taken = take(text_, std::exchange(records, 0));
    if (text_.capacity() > kKeptBytes) text_ = std::string();
    text_.clear();
    MR_RETURN_IF_ERROR(taken);
  }
  return Status::Ok();
}

void RecordLines::AppendChanges(int64_t row, Changes* change, Changes end) {
  Json changes = Json::array();
  for (; *change != end && (*change)->row == row; ++*change) {
    changes.push_back({{"field", (*change)->field},
                       {"change", (*change)->change},
                       {"reason", (*change)->reason}});
  }
  if (!changes.empty()) text_ += R"(,"meta":{"changes":)" + Dump(changes) + "}";
}

}  // namespace millrace
