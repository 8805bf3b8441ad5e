#include "external/message_envelope.h"

#include <charconv>
#include <cmath>

#include "formats/number_text.h"

namespace millrace {
namespace {

bool ReadText(JsonScanner& scanner, std::string* out) {
  JsonScanner::Text text;
  if (!scanner.ReadString(&text)) return false;
  if (!text.escaped) {
    *out = text.raw;
    return true;
  }
  return Unescape(text.raw, out);
}

/// Reads the members of an object; `read` takes the value of each key.
template <typename ReadMember>
bool ReadObject(JsonScanner& scanner, const ReadMember& read) {
  if (scanner.Peek() != JsonScanner::Kind::kObject) return false;
  scanner.Enter();
  for (;;) {
    JsonScanner::Text key;
    bool done = false;
    if (!scanner.NextMember(&key, &done)) return false;
    if (done) return true;
    if (!read(key.raw)) return false;
  }
}

}  // namespace

const char* ScanMessage(std::string_view line, const ReadData& read_data,
                        MessageEnvelope* envelope) {
  JsonScanner scanner(line);
  std::string_view skipped;
  const char* fault = nullptr;
  const auto read_record = [&](std::string_view key) {
    const JsonScanner::Kind kind = scanner.Peek();
    const bool text = kind == JsonScanner::Kind::kString;
    if (key == "stream" && text) return ReadText(scanner, &envelope->stream.emplace());
    if (key == "namespace" && text) return ReadText(scanner, &envelope->name_space.emplace());
    if (key == "data") {
      envelope->data = {};  // of a key that stands twice the last value counts
      if (kind != JsonScanner::Kind::kObject) return scanner.SkipValue(&skipped);
      const auto begin = static_cast<size_t>(scanner.offset());
      fault = read_data(scanner, *envelope);
      envelope->data = line.substr(begin, static_cast<size_t>(scanner.offset()) - begin);
      return fault == nullptr;
    }
    if (key == "meta") return scanner.SkipValue(&envelope->meta);
    if (key == "emitted_at") return scanner.SkipValue(&envelope->emitted_at);
    return scanner.SkipValue(&skipped);
  };
  const auto read_message = [&](std::string_view key) {
    const JsonScanner::Kind kind = scanner.Peek();
    if (key == "type" && kind == JsonScanner::Kind::kString) {
      return ReadText(scanner, &envelope->type);
    }
    if (key == "record" && kind == JsonScanner::Kind::kObject) {
      return ReadObject(scanner, read_record);
    }
    return scanner.SkipValue(&skipped);
  };
  if (!ReadObject(scanner, read_message) || !scanner.AtEnd()) {
    if (fault != nullptr) return fault;
    return *scanner.error() != '\0' ? scanner.error() : "it must be a JSON object";
  }
  return envelope->type.empty() ? "it has no type" : nullptr;
}

std::optional<int64_t> EmittedAtOf(const MessageEnvelope& envelope) {
  constexpr int64_t kMillisMax = 253'402'300'799'999;
  const std::string_view json = envelope.emitted_at;
  if (const auto whole = ParseInt64(json); whole && *whole >= -kMillisMax && *whole <= kMillisMax) {
    return whole;
  }
  double millis = 0;
  const auto [end, error] = std::from_chars(json.data(), json.data() + json.size(), millis);
  if (json.empty() || error != std::errc() || std::abs(millis) > static_cast<double>(kMillisMax))
    return std::nullopt;
  return static_cast<int64_t>(millis);
}

}  // namespace millrace
