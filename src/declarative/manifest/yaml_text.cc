#include "declarative/manifest/yaml_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace millrace {
namespace {

/// The surrogate that stands escaped at `at` ("\\ud83d"), if there is one.
std::optional<uint32_t> SurrogateAt(std::string_view text, size_t at) {
  constexpr size_t kLength = 6;
  if (at + kLength > text.size() || text[at] != '\\' || text[at + 1] != 'u') return std::nullopt;
  uint32_t code = 0;
  const char* end = text.data() + at + kLength;
  if (std::from_chars(text.data() + at + 2, end, code, 16).ptr != end) return std::nullopt;
  if (code < 0xD800 || code > 0xDFFF) return std::nullopt;
  return code;
}

}  // namespace

std::optional<YamlPlace> FindTabBetweenTokens(std::string_view text,
                                              const std::vector<YamlSpan>& spans) {
  if (text.find('\t') == text.npos) return std::nullopt;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  YamlPlace place{1, 0};
  size_t index = 0;  // in code points
  size_t span = 0;
  bool comment = false;
  char before = '\n';
  for (const char c : text) {
    if ((c & 0xC0) == 0x80) continue;  // not a character's first byte
    ++place.column;
    while (span < spans.size() && spans[span].end <= index) ++span;
    const bool in_span = span < spans.size() && spans[span].begin <= index;
    if (c == '\n') {
      place = {place.line + 1, 0};
      comment = false;
    } else if (!in_span && c == '#' && (before == '\n' || before == ' ' || before == '\t')) {
      comment = true;
    } else if (c == '\t' && !in_span && !comment) {
      return place;
    }
    before = c;
    ++index;
  }
  return std::nullopt;
}

std::string JoinEscapedSurrogates(std::string_view text) {
  std::string joined;
  joined.reserve(text.size());
  size_t backslashes = 0;  // in a row before this character
  for (size_t at = 0; at < text.size(); ++at) {
    const std::optional<uint32_t> high =
        backslashes % 2 == 0 ? SurrogateAt(text, at) : std::nullopt;
    const std::optional<uint32_t> low = high.has_value() ? SurrogateAt(text, at + 6) : std::nullopt;
    if (low.has_value() && *high < 0xDC00 && *low >= 0xDC00) {
      joined += fmt::format("\\U{:08x}", 0x10000 + ((*high - 0xD800) << 10) + (*low - 0xDC00));
      at += 11;
      backslashes = 0;
      continue;
    }
    backslashes = text[at] == '\\' ? backslashes + 1 : 0;
    joined.push_back(text[at]);
  }
  return joined;
}

std::string WithSpaceAfter(std::string_view text, size_t index) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  size_t at = text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  for (; at < text.size(); ++at) {
    if ((text[at] & 0xC0) != 0x80 && index-- == 0) break;
  }
  at = std::min(at + 1, text.size());
  return std::string(text.substr(0, at)) + " " + std::string(text.substr(at));
}

}  // namespace millrace
