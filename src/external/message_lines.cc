#include "external/message_lines.h"

#include <nlohmann/json.hpp>

#include "external/message_envelope.h"
#include "external/message_json.h"
#include "external/trace_error.h"

namespace millrace {
namespace {

/// Null when `message`, some JSON, is one.
const char* FaultOf(const Json& message) {
  if (!message.is_object()) return "it must be a JSON object";
  const auto type = message.find("type");
  return type == message.end() || !type->is_string() ? "it has no type" : nullptr;
}

/// The type of a message of a megabyte and more, without a tree of it; else nothing.
std::string TypeOfLong(std::string* line) {
  constexpr size_t kLongBytes = 1 << 20;
  if (line->size() < kLongBytes) return "";
  line->reserve(line->size() + JsonScanner::kPadding + 1);
  MessageEnvelope envelope;
  const ReadData skip = [](JsonScanner& scanner, const MessageEnvelope&) {
    std::string_view skipped;
    return scanner.SkipValue(&skipped) ? nullptr : scanner.error();
  };
  ScanMessage(*line, skip, &envelope);
  return envelope.type;
}

bool IsErrorTrace(const Json& message) {
  const Json trace = message.value("trace", Json());
  return trace.is_object() && trace.value("type", Json()) == Json("ERROR");
}

}  // namespace

Status MessageLines::Take(std::string_view chunk) {
  for (size_t end; (end = chunk.find('\n')) != std::string_view::npos;
       chunk.remove_prefix(end + 1)) {
    line_.append(chunk.substr(0, end));
    MR_RETURN_IF_ERROR(TakeLine());
  }
  line_.append(chunk);
  if (static_cast<int64_t>(line_.size()) <= line_bytes_max_) return Status::Ok();
  return events_.Fault(line_number_ + 1,
                       fmt::format("it is longer than {} MB", line_bytes_max_ >> 20));
}

Status MessageLines::End() {
  cut_ = true;
  return TakeLine();
}

Status MessageLines::TakeLine() {
  ++line_number_;
  std::string line = std::exchange(line_, {});
  if (line.find_first_not_of(" \t\r") == std::string::npos) return Status::Ok();
  const char* fault = nullptr;
  const Json message = ParseMessage(line, TypeOfLong(&line), &fault);
  if (fault == nullptr) fault = FaultOf(message);
  if (fault != nullptr) {
    return events_.TakeOtherLine(line, line_number_, fault, cut_);
  }
  const std::string type = message["type"].get<std::string>();
  if (type != "TRACE" || !IsErrorTrace(message))
    return events_.TakeMessage(type, message, line_number_);
  events_.TakeError(ErrorOfTrace(message["trace"].value("error", Json())));
  return Status::Ok();
}

}  // namespace millrace
