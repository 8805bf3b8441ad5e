#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "formats/digit_run.h"

namespace millrace {

/// Decimal numbers as text: "-12", "0.50", "1.5e3".

/// The integer that `text` is: an optional '-', digits, nothing else, within int64. Leading zeros
/// are allowed here; whether they are wanted is the caller's question.
std::optional<int64_t> ParseLongInt64(std::string_view text);
inline std::optional<int64_t> ParseInt64(std::string_view text) {
  const size_t sign = !text.empty() && text[0] == '-' ? 1 : 0;
  const size_t digits = text.size() - sign;
  if (digits == 0) return std::nullopt;
  if (digits > 8) return ParseLongInt64(text);
  const uint64_t word = LoadDigits(text.data() + sign, digits);
  if (!AllDigits(word)) return std::nullopt;
  const int64_t value = static_cast<int64_t>(DigitsValue(word));
  return sign != 0 ? -value : value;
}

/// Whether `text` is a finite decimal number: sign, digits with an optional point (a digit on one
/// side at least), optional exponent.
bool IsDecimalNumber(std::string_view text);

/// Canonical text takes this many bytes at most: any double has fewer digits.
inline constexpr int64_t kCanonicalNumberSizeMax = 1100;

/// The most room that WriteCanonicalNumber needs for a text of this size.
inline int64_t CanonicalNumberRoom(size_t text_size) {
  return static_cast<int64_t>(text_size) + kCanonicalNumberSizeMax;
}

/// Writes the canonical form (connector/number_type.h) of a decimal number to `out` and returns
/// its size: the same value, digit for digit. -1 when `text` is no number, or one whose exponent
/// would make it longer than both its own text and kCanonicalNumberSizeMax. `out` has
/// CanonicalNumberRoom() bytes.
int64_t WriteCanonicalNumber(std::string_view text, char* out);

/// The same as a string; nothing for what is no number.
std::optional<std::string> CanonicalNumber(std::string_view text);

}  // namespace millrace
