#include "declarative/records/raw_records.h"

#include <cstring>

#include "declarative/jinja/py_json.h"
#include "formats/json_scanner.h"
#include "formats/utf8_text.h"

namespace millrace {
namespace {

using Records = std::vector<std::string_view>;
using JsonKind = JsonScanner::Kind;

/// A number with more digits than these may be another one as a double, or beyond 64 bits.
constexpr size_t kDigitsMax = 16;

bool IsDigitOrPoint(char character) {
  return (character >= '0' && character <= '9') || character == '.';
}

/// Whether the eight bytes at `bytes` are digits or points.
bool AllDigitsOrPoints(const char* bytes) {
  for (int at = 0; at < 8; ++at) {
    if (!IsDigitOrPoint(bytes[at])) return false;
  }
  return true;
}

/// Whether a number that is no text has too many digits. Such a run covers one of every eight bytes
/// from any place on, so few bytes are looked at.
bool HasLongNumber(std::string_view body) {
  for (size_t at = 7; at < body.size(); at += 8) {
    if (!IsDigitOrPoint(body[at]) || at + 8 >= body.size()) continue;
    if (!AllDigitsOrPoints(body.data() + at)) continue;
    size_t from = at, to = at;
    while (from > 0 && IsDigitOrPoint(body[from - 1])) --from;
    while (to < body.size() && IsDigitOrPoint(body[to])) ++to;
    const char before = from > 0 ? body[from - 1] : ' ';
    if (to - from > kDigitsMax && std::strchr(":,[- \t\r\n", before) != nullptr) return true;
    at = (to & ~size_t{7}) - 1;  // goes on behind the run
  }
  return false;
}

bool IsEmptyObject(std::string_view object) { return object.find('"') == object.npos; }

/// Reads the records of the scanner's next value. False: values have to be made.
bool TakeRecords(JsonScanner& scanner, Records* records) {
  std::string_view whole;
  switch (scanner.Peek()) {
    case JsonKind::kObject:
      if (!scanner.SkipValue(&whole)) return false;
      if (!IsEmptyObject(whole)) records->push_back(whole);  // by itself it is no record
      return true;
    case JsonKind::kArray:
      break;
    default:
      return false;
  }
  scanner.Enter();
  for (;;) {
    bool done = false;
    if (!scanner.NextElement(&done)) return false;
    if (done) return true;
    if (scanner.Peek() != JsonKind::kObject || !scanner.SkipValue(&whole)) return false;
    records->push_back(whole);
  }
}

bool Follow(JsonScanner& scanner, std::span<const std::string> path,  // NOLINT: as long as the path
            Records* records) {
  if (path.empty()) return TakeRecords(scanner, records);
  if (scanner.Peek() != JsonKind::kObject) return false;
  scanner.Enter();
  bool found = false;
  for (;;) {
    JsonScanner::Text key;
    bool done = false;
    if (!scanner.NextMember(&key, &done)) return false;
    if (done) return found;
    if (key.escaped) return false;
    if (key.raw == path[0]) {
      if (found) return false;  // of two values the last one would count
      found = true;
      if (!Follow(scanner, path.subspan(1), records)) return false;
      continue;
    }
    std::string_view passed;
    if (scanner.Peek() == JsonKind::kInvalid || !scanner.SkipValue(&passed)) return false;
  }
}

}  // namespace

std::optional<Records> FindRawRecords(std::string_view body, std::span<const std::string> path) {
  const auto size = static_cast<int64_t>(body.size());
  if (FirstInvalidUtf8(body.data(), size) < size || HasLongNumber(body)) return std::nullopt;
  JsonScanner scanner(body);
  // A list at the top is many replies; with an empty path its items are the records.
  if (!path.empty() && scanner.Peek() != JsonKind::kObject) return std::nullopt;
  Records records;
  if (!Follow(scanner, path, &records) || !scanner.AtEnd()) return std::nullopt;
  if (path.empty()) std::erase_if(records, IsEmptyObject);
  return records;
}

std::optional<PyValue> RawMember(std::string_view record, std::string_view name) {
  JsonScanner scanner(record);
  if (scanner.Peek() != JsonKind::kObject) return std::nullopt;
  scanner.Enter();
  std::optional<PyValue> found;
  std::string unescaped;
  for (;;) {
    JsonScanner::Text key;
    bool done = false;
    std::string_view value;
    if (!scanner.NextMember(&key, &done) || done) return found;
    std::string_view text = key.raw;
    if (key.escaped) {
      Unescape(key.raw, &unescaped);
      text = unescaped;
    }
    if (scanner.Peek() == JsonKind::kInvalid || !scanner.SkipValue(&value)) return found;
    if (text != name) continue;
    if (value[0] == '"' && value.find('\\') == value.npos) {
      found = PyValue(value.substr(1, value.size() - 2));
      continue;
    }
    Result<PyValue> parsed = ParsePyJson(value);
    if (parsed.ok()) found = *std::move(parsed);
  }
}

Result<PyValue> WholeRecord(const DeclarativeRecord& record) {
  if (record.text.empty()) return record.data;
  return ParsePyJson(record.text);
}

}  // namespace millrace
