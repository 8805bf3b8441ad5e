#include <charconv>
#include <cstdlib>

#include "declarative/jinja/literal_token.h"
#include "declarative/jinja/py_operators.h"
#include "formats/number_text.h"

namespace millrace {
namespace {

constexpr size_t kIntDigitsMax = 4300;

bool IsDigitOf(int base, char c) {
  if (base == 16) return IsDigit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
  return c >= '0' && c < '0' + base;
}

/// Reads digits with single underscores between them (or before the first one, when `leading`) and
/// appends the digits. False when there are none, or an underscore stands where it can't.
bool ReadDigits(std::string_view text, size_t* at, int base, bool leading, std::string* digits) {
  bool expected = true;  // a digit must follow
  bool underscore = leading;
  for (; *at < text.size(); ++*at) {
    const char c = text[*at];
    if (IsDigitOf(base, c)) {
      digits->push_back(c);
      expected = false;
      underscore = true;
    } else if (c == '_' && underscore) {
      expected = true;
      underscore = false;
    } else {
      break;
    }
  }
  return !expected;
}

bool StartsDigits(std::string_view text, size_t at) {
  return at < text.size() && IsDigit(text[at]);
}

bool ReadWithBase(std::string_view text, size_t* at, int base, PyValue* value) {
  *at += 2;
  std::string digits;
  if (!ReadDigits(text, at, base, /*leading=*/true, &digits)) return false;
  *value = PyIntFromText(digits, base == 8 ? 8 : base);
  return true;
}

bool ReadExponent(std::string_view text, size_t* at, std::string* digits) {
  digits->push_back('e');
  ++*at;
  if (*at < text.size() && (text[*at] == '-' || text[*at] == '+')) digits->push_back(text[(*at)++]);
  return ReadDigits(text, at, 10, false, digits);
}

}  // namespace

bool ReadNumberLiteral(std::string_view text, size_t* at, PyValue* value) {
  const size_t start = *at;
  if (text[start] == '0' && start + 1 < text.size()) {
    const char mark = static_cast<char>(text[start + 1] | 0x20);
    const int base = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 0;
    if (base != 0) return ReadWithBase(text, at, base, value);
  }
  std::string digits;
  bool integer = true;
  if (text[start] != '.' && !ReadDigits(text, at, 10, false, &digits)) return false;
  if (*at < text.size() && text[*at] == '.') {
    integer = false;
    digits.push_back('.');
    ++*at;
    if (StartsDigits(text, *at) ? !ReadDigits(text, at, 10, false, &digits) : digits.size() == 1) {
      return false;
    }
  }
  if (*at < text.size() && (text[*at] | 0x20) == 'e') {
    integer = false;
    if (!ReadExponent(text, at, &digits)) return false;
  }
  if (!integer) {
    *value = PyValue(std::strtod(digits.c_str(), nullptr));
    return true;
  }
  const bool zeros = digits.find_first_not_of('0') == digits.npos;
  if (digits.size() > 1 && digits[0] == '0' && !zeros) return false;
  if (const std::optional<int64_t> small = ParseInt64(digits)) {
    *value = PyValue(*small);
    return true;
  }
  if (digits.size() > kIntDigitsMax) return false;
  *value = PyIntFromText(digits);
  return true;
}

}  // namespace millrace
