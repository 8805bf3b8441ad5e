#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "sources/postgres/wire_value.h"

namespace arrow {
class BasicDecimal256;
}

namespace millrace {

__extension__ typedef __int128 WireInt128;

// PostgreSQL's numeric on the wire: digits in base 10000, the first one's weight, a sign that also
// says NaN and the infinities, and the digits to show after the point. Each function gives the
// value times 10^scale, exact; it is nulled when it has more than `precision` digits, more than
// `scale` of them after the point, or is no number.

/// precision ≤ 18. A value of few digits is made in line.
inline ValueOutcome NumericToInt64(const char* p, int32_t size, int precision, int scale,
                                   int64_t* value);
/// precision ≤ 38.
ValueOutcome NumericToInt128(const char* p, int32_t size, int precision, int scale,
                             WireInt128* value);
/// precision ≤ 76.
ValueOutcome NumericToDecimal256(const char* p, int32_t size, int precision, int scale,
                                 arrow::BasicDecimal256* value);

/// The canonical text of number(): exact, however long. Nulled when it is no number.
ValueOutcome NumericToText(const char* p, int32_t size, std::string* text);

inline constexpr auto kPowersOfTen = [] {
  std::array<int64_t, 19> powers{1};
  for (size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

ValueOutcome LongNumericToInt64(const char* p, int32_t size, int precision, int scale,
                                int64_t* value);

inline ValueOutcome NumericToInt64(const char* p, int32_t size, int precision, int scale,
                                   int64_t* value) {
  constexpr int kHeader = 8;     // count of digits, weight, sign, digits to show
  constexpr int kDigitsFew = 4;  // 16 decimals
  constexpr int kDecimals = 18;  // what an int64 surely holds
  if (size < kHeader || size > kHeader + 2 * kDigitsFew) {
    return LongNumericToInt64(p, size, precision, scale, value);
  }
  const uint64_t header = WireUInt64(p);
  const auto count = static_cast<int>(header >> 48);
  const auto weight = static_cast<int16_t>(header >> 32);
  const auto sign = static_cast<uint16_t>(header >> 16);
  const int exponent = 4 * (weight - count + 1) + scale;  // of the last digit's last decimal
  bool usual = size == kHeader + 2 * count && (sign & ~0x4000U) == 0 && exponent > -4 &&
               4 * (weight + 1) + scale <= kDecimals;
  if (!usual) return LongNumericToInt64(p, size, precision, scale, value);
  int64_t made = 0;
  for (int i = 0; i < count; ++i) {
    const int digit = WireUInt16(p + kHeader + 2 * i);
    usual = usual && digit < 10000;
    made = made * 10000 + digit;
  }
  if (!usual) return LongNumericToInt64(p, size, precision, scale, value);
  if (exponent >= 0) {
    made *= kPowersOfTen[static_cast<size_t>(exponent)];
  } else {
    // Cents are the usual scale, and a division by a constant is cheap.
    const int64_t power = kPowersOfTen[static_cast<size_t>(-exponent)];
    const int64_t quotient = exponent == -2 ? made / 100 : made / power;
    if (quotient * power != made) return ValueOutcome::kNulled;  // it would have to be rounded
    made = quotient;
  }
  if (made >= kPowersOfTen[static_cast<size_t>(precision)]) return ValueOutcome::kNulled;
  *value = sign == 0 ? made : -made;
  return ValueOutcome::kOk;
}

}  // namespace millrace
