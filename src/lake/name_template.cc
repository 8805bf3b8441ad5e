#include "lake/name_template.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/uuid.h"

namespace millrace {
namespace {

struct CalendarTime {
  int year;
  unsigned month, day;
  int64_t hour, minute, second, micros;
};

CalendarTime CalendarOf(WallTime at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const int64_t micros = (at - day).count();
  return {static_cast<int>(date.year()),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          micros / 3'600'000'000,
          micros / 60'000'000 % 60,
          micros / 1'000'000 % 60,
          micros % 1'000'000};
}

/// Java's letters for dates: yyyy MM dd HH mm ss SSS; anything else stays.
std::string FormatDate(std::string_view pattern, WallTime at) {
  const CalendarTime time = CalendarOf(at);
  std::string out;
  for (size_t i = 0; i < pattern.size();) {
    const char letter = pattern[i];
    size_t end = pattern.find_first_not_of(letter, i);
    if (end == std::string_view::npos) end = pattern.size();
    const int width = static_cast<int>(end - i);
    int64_t value = -1;
    switch (letter) {
      case 'y':
        value = width == 2 ? time.year % 100 : time.year;
        break;
      case 'M':
        value = time.month;
        break;
      case 'd':
        value = time.day;
        break;
      case 'H':
        value = time.hour;
        break;
      case 'm':
        value = time.minute;
        break;
      case 's':
        value = time.second;
        break;
      case 'S':
        value = time.micros / 1000;
        break;
      default:
        break;
    }
    if (value < 0) {
      out += pattern.substr(i, end - i);
    } else {
      out += fmt::format("{:0{}}", value, width);
    }
    i = end;
  }
  return out;
}

}  // namespace

bool NameTemplate::ParsePlaceholder(std::string_view name, bool dollar,
                                    const StreamDescriptor& stream, std::string_view extension,
                                    Token& token) {
  using Kind = Token::Kind;
  static constexpr std::array<std::pair<std::string_view, Kind>, 9> kDollarNames = {{
      {"YEAR", Kind::kYear},
      {"MONTH", Kind::kMonth},
      {"DAY", Kind::kDay},
      {"HOUR", Kind::kHour},
      {"MINUTE", Kind::kMinute},
      {"SECOND", Kind::kSecond},
      {"MILLISECOND", Kind::kMillisecond},
      {"EPOCH", Kind::kEpochMillis},
      {"UUID", Kind::kUuid},
  }};
  static constexpr std::array<std::pair<std::string_view, Kind>, 5> kBraceNames = {{
      {"part_number", Kind::kPart},
      {"sync_id", Kind::kSyncId},
      {"timestamp", Kind::kEpochMillis},
      {"timestamp:millis", Kind::kEpochMillis},
      {"timestamp:micros", Kind::kEpochMicros},
  }};
  if (name == (dollar ? "NAMESPACE" : "schema")) {
    token.text = stream.name_space ? SafeNamePart(*stream.name_space) : "";
    return true;
  }
  if (name == (dollar ? "STREAM_NAME" : "table")) {
    token.text = SafeNamePart(stream.name);
    return true;
  }
  if (dollar) {
    for (const auto& [known, kind] : kDollarNames) {
      if (name != known) continue;
      token.kind = kind;
      return true;
    }
    return false;
  }
  for (const auto& [known, kind] : kBraceNames) {
    if (name != known) continue;
    token.kind = kind;
    return true;
  }
  if (name == "format_extension") {
    token.text = extension;
    return true;
  }
  if (name == "date" || name.starts_with("date:")) {
    token.kind = Kind::kDate;
    token.text = name == "date" ? "yyyy_MM_dd" : name.substr(5);
    return true;
  }
  if (name.starts_with("part_number:")) {
    const std::string_view width = name.substr(12);
    if (width.empty() || width.size() > 2 ||
        !std::all_of(width.begin(), width.end(), [](char c) { return c >= '0' && c <= '9'; })) {
      return false;
    }
    token.kind = Kind::kPart;
    for (const char digit : width) token.width = token.width * 10 + (digit - '0');
    return token.width > 0;
  }
  return false;
}

NameTemplate NameTemplate::Parse(std::string_view text, const StreamDescriptor& stream,
                                 std::string_view extension) {
  NameTemplate parsed;
  std::string literal;
  for (size_t i = 0; i < text.size();) {
    const bool dollar = text.substr(i, 2) == "${";
    const size_t end = dollar || text[i] == '{' ? text.find('}', i) : std::string_view::npos;
    Token token;
    const size_t begin = i + (dollar ? 2 : 1);
    if (end == std::string_view::npos ||
        !ParsePlaceholder(text.substr(begin, end - begin), dollar, stream, extension, token)) {
      literal += text[i++];
      continue;
    }
    if (token.kind == Token::Kind::kText) {
      literal += token.text;
    } else {
      parsed.tokens_.push_back({Token::Kind::kText, std::exchange(literal, ""), 0});
      parsed.tokens_.push_back(std::move(token));
    }
    i = end + 1;
  }
  parsed.tokens_.push_back({Token::Kind::kText, std::move(literal), 0});
  return parsed;
}

std::string NameTemplate::Render(const FileNaming& naming) const {
  using Kind = Token::Kind;
  const CalendarTime time = CalendarOf(naming.at);
  const int64_t micros = naming.at.time_since_epoch().count();
  std::string out;
  for (const Token& token : tokens_) {
    switch (token.kind) {
      case Kind::kText:
        out += token.text;
        break;
      case Kind::kYear:
        out += fmt::format("{:04}", time.year);
        break;
      case Kind::kMonth:
        out += fmt::format("{:02}", time.month);
        break;
      case Kind::kDay:
        out += fmt::format("{:02}", time.day);
        break;
      case Kind::kHour:
        out += fmt::format("{:02}", time.hour);
        break;
      case Kind::kMinute:
        out += fmt::format("{:02}", time.minute);
        break;
      case Kind::kSecond:
        out += fmt::format("{:02}", time.second);
        break;
      case Kind::kMillisecond:
        out += fmt::format("{:04}", time.micros / 1000);  // four digits: Airbyte's
        break;
      case Kind::kEpochMillis:
        out += fmt::format("{}", micros / 1000);
        break;
      case Kind::kEpochMicros:
        out += fmt::format("{}", micros);
        break;
      case Kind::kUuid:
        out += RandomUuid();
        break;
      case Kind::kPart:
        out += token.width == 0 ? fmt::format("{}", naming.part)
                                : fmt::format("{:0{}}", naming.part + 1, token.width);
        break;
      case Kind::kSyncId:
        out += fmt::format("{}", naming.sync_id);
        break;
      case Kind::kDate:
        out += FormatDate(token.text, naming.at);
        break;
    }
  }
  return out;
}

std::string NameTemplate::RenderMarked(char mark) const {
  std::string out;
  for (const Token& token : tokens_) {
    if (token.kind == Token::Kind::kText) {
      out += token.text;
    } else if (out.empty() || out.back() != mark) {
      out += mark;
    }
  }
  return out;
}

bool NameTemplate::tells_parts_apart() const {
  return std::any_of(tokens_.begin(), tokens_.end(), [](const Token& token) {
    return token.kind == Token::Kind::kPart || token.kind == Token::Kind::kUuid;
  });
}

std::string SafeNamePart(std::string_view name) {
  // Bytes that a file name may have on any system; a name's own letters are kept as they are.
  constexpr size_t kBytesMax = 180;
  std::string safe;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    safe += byte < 0x20 || byte == 0x7f || c == '/' || c == '\\' ? '_' : c;
  }
  if (safe == "_airbyte_internal") return safe + "_";
  // A dash: readers take a leading underscore for something hidden.
  if (safe.empty() || safe == "." || safe == "..") return safe == ".." ? "--" : "-";
  if (safe.size() > kBytesMax) {
    // Cut, and told apart by a hash (FNV-1a) of the whole: the same name in every run.
    uint64_t hash = 14695981039346656037U;
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    size_t end = kBytesMax;
    while (end > 0 && (static_cast<unsigned char>(safe[end]) & 0xC0) == 0x80) --end;  // UTF-8
    safe = fmt::format("{}_{:016x}", safe.substr(0, end), hash);
  }
  return safe;
}

std::string EncodedNamePart(std::string_view name) {
  std::string out;
  for (const char c : SafeNamePart(name)) {
    if (c == '%') {
      out += "%25";
    } else {
      out += c;
    }
  }
  if (SafeNamePart(name) != name) {
    out += '%';
    for (const char c : name) {
      if (out.size() > 230) break;  // a name this long carries a hash already
      out += fmt::format("{:02x}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

}  // namespace millrace
