#include "formats/number_text.h"

#include <algorithm>
#include <cstring>

#include "formats/digit_run.h"

namespace millrace {
namespace {

/// A number taken apart: value = ±digits · 10^exponent, with `point` digits before the point.
struct Parts {
  bool negative = false;
  std::string_view whole, fraction;
  int64_t exponent = 0;
};

bool Split(std::string_view text, Parts& parts) {
  size_t at = 0;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) parts.negative = text[at++] == '-';
  const size_t whole = at;
  while (at < text.size() && IsDigit(text[at])) ++at;
  parts.whole = text.substr(whole, at - whole);
  if (at < text.size() && text[at] == '.') {
    const size_t fraction = ++at;
    while (at < text.size() && IsDigit(text[at])) ++at;
    parts.fraction = text.substr(fraction, at - fraction);
  }
  if (parts.whole.empty() && parts.fraction.empty()) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    const bool negative = at < text.size() && text[at] == '-';
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    const size_t first = at;
    for (; at < text.size() && IsDigit(text[at]); ++at) {
      // Far beyond what is written out; kept small so that it can't overflow.
      if (parts.exponent < 1'000'000'000) parts.exponent = parts.exponent * 10 + (text[at] - '0');
    }
    if (at == first) return false;
    if (negative) parts.exponent = -parts.exponent;
  }
  return at == text.size();
}

/// "12.50", without sign-plus, exponent or leading zeros: the form nearly every number has.
/// Returns the size written, or -1: take the long way.
int64_t WritePlain(std::string_view text, char* out) {
  size_t at = text[0] == '-' ? 1 : 0;
  const size_t first = at;
  while (at < text.size() && IsDigit(text[at])) ++at;
  if (at == first || (text[first] == '0' && at - first > 1)) return -1;
  size_t end = at;
  if (at < text.size()) {
    if (text[at] != '.') return -1;
    const size_t point = at++;
    while (at < text.size() && IsDigit(text[at])) ++at;
    if (at != text.size() || at == point + 1) return -1;
    end = at;
    while (text[end - 1] == '0') --end;
    if (end == point + 1) end = point;
  }
  if (text[0] == '-' && end == 2 && text[1] == '0') return -1;  // "-0", "-0.0"
  std::memcpy(out, text.data(), end);
  return static_cast<int64_t>(end);
}

}  // namespace

std::optional<int64_t> ParseLongInt64(std::string_view text) {
  size_t at = !text.empty() && text[0] == '-' ? 1 : 0;
  const bool negative = at == 1;
  while (at + 1 < text.size() && text[at] == '0') ++at;
  if (text.size() - at > 19) return std::nullopt;
  uint64_t value = 0;
  for (; at < text.size(); ++at) {
    const unsigned digit = static_cast<unsigned char>(text[at]) - '0';
    if (digit > 9) return std::nullopt;
    value = value * 10 + digit;  // 19 digits fit into 64 bits
  }
  const uint64_t limit = static_cast<uint64_t>(INT64_MAX) + (negative ? 1 : 0);
  if (value > limit) return std::nullopt;
  return static_cast<int64_t>(negative ? 0 - value : value);
}

bool IsDecimalNumber(std::string_view text) {
  Parts parts;
  return Split(text, parts);
}

int64_t WriteCanonicalNumber(std::string_view text, char* out) {
  if (text.empty()) return -1;
  if (const int64_t size = WritePlain(text, out); size > 0) return size;
  Parts parts;
  if (!Split(text, parts)) return -1;
  std::string digits(parts.whole);
  digits += parts.fraction;
  int64_t point = static_cast<int64_t>(parts.whole.size()) + parts.exponent;
  const size_t first = digits.find_first_not_of('0');
  if (first == std::string::npos) {
    out[0] = '0';
    return 1;
  }
  digits.erase(0, first);
  point -= static_cast<int64_t>(first);
  digits.erase(digits.find_last_not_of('0') + 1);
  const int64_t size = static_cast<int64_t>(digits.size());
  // Digits before the point, and zeros between it and the first digit.
  const int64_t whole = std::max<int64_t>(point, 1);
  const int64_t fraction = std::max<int64_t>(size - point, 0);
  const int64_t total = (parts.negative ? 1 : 0) + whole + (fraction > 0 ? 1 + fraction : 0);
  if (total > CanonicalNumberRoom(text.size())) return -1;
  char* at = out;
  if (parts.negative) *at++ = '-';
  for (int64_t i = point < 1 ? point - 1 : 0; i < std::max(point, size); ++i) {
    if (i == point) *at++ = '.';
    *at++ = i >= 0 && i < size ? digits[static_cast<size_t>(i)] : '0';
  }
  return at - out;
}

std::optional<std::string> CanonicalNumber(std::string_view text) {
  std::string out(static_cast<size_t>(CanonicalNumberRoom(text.size())), '\0');
  const int64_t size = WriteCanonicalNumber(text, out.data());
  if (size < 0) return std::nullopt;
  out.resize(static_cast<size_t>(size));
  return out;
}

}  // namespace millrace
