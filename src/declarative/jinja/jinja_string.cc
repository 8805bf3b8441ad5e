#include "declarative/jinja/jinja_string.h"

#include <fmt/format.h>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_text.h"

namespace millrace {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// Reads exactly `digits` hexadecimal digits.
Result<char32_t> HexCode(std::string_view text, size_t* at, int digits) {
  char32_t code = 0;
  for (int i = 0; i < digits; ++i, ++*at) {
    const int digit = *at < text.size() ? HexDigit(text[*at]) : -1;
    if (digit < 0) return PyError("ValueError", "a truncated escape in a text");
    code = code * 16 + digit;
  }
  if (code > 0x10FFFF) return PyError("ValueError", "an escape beyond Unicode in a text");
  return code;
}

char32_t OctalCode(std::string_view text, size_t* at) {
  char32_t code = 0;
  for (int i = 0; i < 3 && *at < text.size() && text[*at] >= '0' && text[*at] <= '7'; ++i, ++*at) {
    code = code * 8 + (text[*at] - '0');
  }
  return code;
}

/// The character that `letter` behind a backslash means; 0 when it has no such meaning.
char SimpleEscape(char letter) {
  constexpr std::string_view kLetters = "\\'\"abfnrtv";
  constexpr std::string_view kMeanings = "\\'\"\a\b\f\n\r\t\v";
  const size_t at = kLetters.find(letter);
  return at == kLetters.npos ? '\0' : kMeanings[at];
}

/// What follows a backslash at `*at`.
Status AppendEscaped(std::string_view quoted, size_t* at, std::string* text) {
  const char letter = quoted[*at];
  if (const char meaning = SimpleEscape(letter)) {
    text->push_back(meaning);
    ++*at;
  } else if (letter == '\n') {
    ++*at;
  } else if (letter == 'x' || letter == 'u' || letter == 'U') {
    ++*at;
    const int digits = letter == 'x' ? 2 : letter == 'u' ? 4 : 8;
    MR_ASSIGN_OR_RETURN(const char32_t code, HexCode(quoted, at, digits));
    AppendCodePoint(code, text);
  } else if (letter >= '0' && letter <= '7') {
    AppendCodePoint(OctalCode(quoted, at), text);
  } else if (letter == 'N') {
    return PyError("ValueError", "characters by name are not supported");
  } else if (static_cast<unsigned char>(letter) >= 0x80) {
    // Jinja writes such characters as escapes first; the backslash before makes that literal.
    const char32_t code = NextCodePoint(quoted, at);
    const auto number = static_cast<uint32_t>(code);
    text->append(code < 0x100     ? fmt::format("\\x{:02x}", number)
                 : code < 0x10000 ? fmt::format("\\u{:04x}", number)
                                  : fmt::format("\\U{:08x}", number));
  } else {
    text->push_back('\\');
    text->push_back(letter);
    ++*at;
  }
  return Status::Ok();
}

}  // namespace

Result<std::string> UnescapeJinjaString(std::string_view quoted) {
  std::string text;
  for (size_t at = 0; at < quoted.size();) {
    if (quoted[at] != '\\') {
      text.push_back(quoted[at++]);
      continue;
    }
    if (++at == quoted.size()) return PyError("ValueError", "a backslash at the end of a text");
    MR_RETURN_IF_ERROR(AppendEscaped(quoted, &at, &text));
  }
  return text;
}

}  // namespace millrace
