#include "cli/attempt/manifest_output.h"

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "declarative/records/record_json.h"
#include "declarative/streams/declarative_stream.h"
#include "protocol/message.h"

namespace millrace {
namespace {

int64_t NowMillis() {
  const auto now = Clock::System().WallNow().time_since_epoch();
  return std::chrono::floor<std::chrono::milliseconds>(now).count();
}

Json StatusMessage(std::string_view stream, std::string_view status) {
  return Json{
      {"type", "TRACE"},
      {"trace",
       {{"type", "STREAM_STATUS"},
        {"emitted_at", static_cast<double>(NowMillis())},
        {"stream_status", {{"stream_descriptor", {{"name", stream}}}, {"status", status}}}}}};
}

}  // namespace

Status ManifestOutput::Tell(const std::string& stream, std::string_view status) {
  return output_.WriteLines(MessageLine(StatusMessage(stream, status)));
}

Status ManifestOutput::Started(const DeclarativeStream& stream) {
  return Tell(stream.name(), "STARTED");
}

Status ManifestOutput::Records(const DeclarativeStream& stream,
                               std::span<DeclarativeRecord> records) {
  std::string lines;
  int64_t printed = 0;
  Status status;
  const int64_t now = NowMillis();
  for (const DeclarativeRecord& record : records) {
    status = AppendRecordLine(stream.name(), record, now, &lines);
    if (!status.ok()) break;
    ++printed;
  }
  {
    const std::lock_guard lock(mutex_);
    Counts& counts = counts_[stream.name()];
    if (counts.records == 0 && printed > 0) {
      lines.insert(0, MessageLine(StatusMessage(stream.name(), "RUNNING")));
    }
    counts.records += printed;
    counts.since_state += printed;
  }
  // What came before a record that can't be printed is told all the same.
  MR_RETURN_IF_ERROR(output_.WriteLines(lines));
  return status;
}

Status ManifestOutput::State(const DeclarativeStream& stream, const PyValue& state) {
  double covered = 0;
  {
    const std::lock_guard lock(mutex_);
    covered = static_cast<double>(std::exchange(counts_[stream.name()].since_state, 0));
  }
  std::string text;
  AppendRecordJson(state, &text);
  return output_.WriteLines(fmt::format(
      R"({{"type":"STATE","state":{{"type":"STREAM","stream":{{"stream_descriptor":{},)"
      R"("stream_state":{}}},"sourceStats":{}}}}})"
      "\n",
      Json{{"name", stream.name()}}.dump(-1, ' ', false, Json::error_handler_t::replace), text,
      Json{{"recordCount", covered}}.dump()));
}

Status ManifestOutput::Failed(const DeclarativeStream&, const Error& error) {
  output_.WriteError(error);
  return Status::Ok();
}

Status ManifestOutput::Ended(const DeclarativeStream& stream, bool complete) {
  return Tell(stream.name(), complete ? "COMPLETE" : "INCOMPLETE");
}

Status ManifestOutput::Missing(const std::string& stream) { return Tell(stream, "INCOMPLETE"); }

void ManifestOutput::RateLimited(std::string_view stream) {
  Json message = StatusMessage(stream, "RUNNING");
  message["trace"]["stream_status"]["reasons"] = {{{"type", "RATE_LIMITED"}}};
  output_.WriteMessage(message);
}

}  // namespace millrace
