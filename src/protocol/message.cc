#include "protocol/message.h"

#include <nlohmann/json.hpp>

namespace millrace {
namespace {

constexpr std::string_view kStatusNames[] = {"STARTED", "RUNNING", "COMPLETE", "INCOMPLETE"};

int64_t Millis(WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

}  // namespace

std::string_view ToString(StreamStatus status) { return kStatusNames[static_cast<int>(status)]; }

Result<StreamStatus> StreamStatusFromString(std::string_view text) {
  for (int i = 0; i < 4; ++i) {
    if (kStatusNames[i] == text) return static_cast<StreamStatus>(i);
  }
  return SystemError("unknown stream status \"{}\"", text);
}

Json LogMessage(LogLevel level, std::string_view message) {
  return Json{{"type", "LOG"}, {"log", {{"level", ToString(level)}, {"message", message}}}};
}

Json SpecMessage(const Json& spec) { return Json{{"type", "SPEC"}, {"spec", spec}}; }

Json ConnectionStatusMessage(bool succeeded, std::string_view message) {
  Json status{{"status", succeeded ? "SUCCEEDED" : "FAILED"}};
  if (!message.empty()) status["message"] = message;
  return Json{{"type", "CONNECTION_STATUS"}, {"connectionStatus", std::move(status)}};
}

Json CatalogMessage(const Catalog& catalog) {
  return Json{{"type", "CATALOG"}, {"catalog", ToJson(catalog)}};
}

Json ErrorTraceMessage(const Error& error, WallTime emitted_at) {
  Json fields{{"message", error.message}, {"failure_type", ToString(error.type)}};
  if (!error.internal.empty()) fields["internal_message"] = error.internal;
  if (error.stream) fields["stream_descriptor"] = ToJson(*error.stream);
  return Json{{"type", "TRACE"},
              {"trace",
               {{"type", "ERROR"},
                {"emitted_at", static_cast<double>(Millis(emitted_at))},
                {"error", std::move(fields)}}}};
}

Json StreamStatusMessage(const StreamDescriptor& stream, StreamStatus status, WallTime emitted_at) {
  return Json{
      {"type", "TRACE"},
      {"trace",
       {{"type", "STREAM_STATUS"},
        {"emitted_at", static_cast<double>(Millis(emitted_at))},
        {"stream_status", {{"stream_descriptor", ToJson(stream)}, {"status", ToString(status)}}}}}};
}

Json EstimateMessage(const StreamDescriptor& stream, std::optional<int64_t> rows,
                     std::optional<int64_t> bytes, WallTime emitted_at) {
  Json estimate = ToJson(stream);
  estimate["type"] = "STREAM";
  if (rows) estimate["row_estimate"] = *rows;
  if (bytes) estimate["byte_estimate"] = *bytes;
  return Json{{"type", "TRACE"},
              {"trace",
               {{"type", "ESTIMATE"},
                {"emitted_at", static_cast<double>(Millis(emitted_at))},
                {"estimate", std::move(estimate)}}}};
}

Json StateMessageEnvelope(const StateMessage& state, std::optional<int64_t> record_count) {
  Json fields = ToJson(state);
  if (record_count) fields["sourceStats"] = {{"recordCount", static_cast<double>(*record_count)}};
  return Json{{"type", "STATE"}, {"state", std::move(fields)}};
}

}  // namespace millrace
