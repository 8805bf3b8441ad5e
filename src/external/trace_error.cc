#include "external/trace_error.h"

#include <cctype>
#include <nlohmann/json.hpp>

#include "base/secrets.h"
#include "protocol/catalog.h"

namespace millrace {
namespace {

constexpr size_t kInternalBytesMax = 16 << 10;

std::string RedactedText(const Json& fields, const char* key) {
  const Json value = fields.value(key, Json());
  return value.is_string() ? Secrets::Redact(value.get<std::string>()) : "";
}

FailureType TypeOf(const Json& fields) {
  const Json type = fields.value("failure_type", Json());
  for (const FailureType known : {FailureType::kConfigError, FailureType::kTransientError}) {
    if (type == Json(ToString(known))) return known;
  }
  return FailureType::kSystemError;
}

}  // namespace

std::string WordsOf(const std::string& said) {
  constexpr size_t kBytesMax = 2000;
  std::string words = Secrets::Redact(said);
  while (!words.empty() && std::isspace(static_cast<unsigned char>(words.back())) != 0) {
    words.pop_back();
  }
  for (char& character : words) {
    if (character == '\n' || character == '\r') character = ' ';
  }
  if (words.size() > kBytesMax) words = words.substr(0, kBytesMax) + "…";
  return words;
}

Error ErrorOfTrace(const Json& fields) {
  Error error{FailureType::kSystemError, "the connector failed and did not say why", {}, {}};
  if (!fields.is_object()) return error;
  error.type = TypeOf(fields);
  error.internal = RedactedText(fields, "internal_message");
  const Json said = fields.value("message", Json());
  if (said.is_string() && !said.get<std::string>().empty()) {
    error.message = WordsOf(said.get<std::string>());
  } else if (!error.internal.empty()) {
    error.message = WordsOf(error.internal.substr(0, error.internal.find('\n')));
  }
  const std::string trace = RedactedText(fields, "stack_trace");
  if (!trace.empty()) error.internal += (error.internal.empty() ? "" : "\n") + trace;
  if (error.internal.size() > kInternalBytesMax) error.internal.resize(kInternalBytesMax);
  const auto stream = StreamDescriptorFromJson(fields.value("stream_descriptor", Json()));
  if (stream.ok()) error.stream = *stream;
  return error;
}

}  // namespace millrace
