#include "external/short_strings.h"

#include <algorithm>

namespace millrace {
namespace {

bool IsHighSurrogate(std::string_view escape) {
  if (escape.size() < 4 || !escape.starts_with("\\u")) return false;
  const char third = escape[2], fourth = escape[3];
  return (third == 'd' || third == 'D') &&
         std::string_view("89abAB").find(fourth) != std::string_view::npos;
}

/// Of the escape or the character that begins there; of two escapes that make one character.
size_t UnitSize(std::string_view rest) {
  if (rest[0] == '\\') {
    if (IsHighSurrogate(rest)) return std::min<size_t>(12, rest.size());
    return std::min<size_t>(rest.substr(1).starts_with('u') ? 6 : 2, rest.size());
  }
  size_t size = 1;
  while (size < rest.size() && (static_cast<unsigned char>(rest[size]) & 0xC0) == 0x80) ++size;
  return size;
}

/// Where the string ends that `rest` begins in: at its quote, or with the text.
size_t StringSize(std::string_view rest) {
  size_t at = 0;
  while ((at = rest.find_first_of("\"\\", at)) != std::string_view::npos && rest[at] == '\\') {
    at += 2;
  }
  return std::min(at, rest.size());
}

}  // namespace

std::string WithShortStrings(std::string_view json, size_t bytes_max) {
  std::string text;
  for (;;) {
    const size_t quote = std::min(json.find('"'), json.size());
    text.append(json.substr(0, quote));
    if (quote == json.size()) return text;
    json.remove_prefix(quote + 1);
    const std::string_view string = json.substr(0, StringSize(json));
    size_t kept = string.size();
    if (kept > bytes_max) {
      for (kept = 0; kept < bytes_max;) kept += UnitSize(string.substr(kept));
    }
    text.append(1, '"').append(string.substr(0, kept));
    json.remove_prefix(string.size());
    if (json.empty()) return text;
    text += '"';
    json.remove_prefix(1);
  }
}

}  // namespace millrace
