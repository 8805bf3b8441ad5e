#include "sources/postgres/wire_numeric.h"

#include <arrow/util/basic_decimal.h>

namespace millrace {
namespace {

__extension__ typedef __int128 Int128;

constexpr uint16_t kPositive = 0x0000;
constexpr uint16_t kNegative = 0x4000;
constexpr uint16_t kNaN = 0xC000;
constexpr uint16_t kInfinity = 0xD000;
constexpr uint16_t kMinusInfinity = 0xF000;
constexpr int kNumericHeaderSize = 8;
constexpr int kDigitBase = 10000;

struct Numeric {
  const char* digits;
  int count;
  int weight;  // of the first digit: 10000^weight
  bool negative;

  int digit(int i) const { return WireUInt16(digits + 2 * i); }
};

inline ValueOutcome Parse(const char* p, int32_t size, Numeric* numeric) {
  if (size < kNumericHeaderSize) return ValueOutcome::kMalformed;
  numeric->count = WireInt16(p);
  numeric->weight = WireInt16(p + 2);
  const uint16_t sign = WireUInt16(p + 4);
  numeric->digits = p + kNumericHeaderSize;
  if (numeric->count < 0 || size != kNumericHeaderSize + 2 * numeric->count) {
    return ValueOutcome::kMalformed;
  }
  if (sign == kNaN || sign == kInfinity || sign == kMinusInfinity) return ValueOutcome::kNulled;
  if (sign != kPositive && sign != kNegative) return ValueOutcome::kMalformed;
  numeric->negative = sign == kNegative;
  // The server sends neither; a zero in front would spoil the count of digits.
  while (numeric->count > 0 && numeric->digit(0) == 0) {
    numeric->digits += 2;
    --numeric->count;
    --numeric->weight;
  }
  return ValueOutcome::kOk;
}

inline int DecimalDigits(int digit) {
  return digit >= 1000 ? 4 : digit >= 100 ? 3 : digit >= 10 ? 2 : 1;
}

// Powers of ten in each width. `exponent` is never negative, and small enough by the precision.
inline void MultiplyByPowerOfTen(int64_t* value, int exponent) {
  *value *= kPowersOfTen[static_cast<size_t>(exponent)];
}
inline void MultiplyByPowerOfTen(Int128* value, int exponent) {
  for (; exponent > 0; --exponent) *value *= 10;
}
inline void MultiplyByPowerOfTen(arrow::BasicDecimal256* value, int exponent) {
  *value *= arrow::BasicDecimal256(arrow::BasicDecimal256::GetScaleMultiplier(exponent));
}

/// The last digit, when only some of its four decimals are above the scale: adds those. False when
/// the others are not zero.
template <typename Accumulator>
inline bool AddPartialDigit(int digit, int decimals_kept, Accumulator* value) {
  switch (decimals_kept) {
    case 1:
      *value = *value * Accumulator(10) + Accumulator(digit / 1000);
      return digit % 1000 == 0;
    case 2:
      *value = *value * Accumulator(100) + Accumulator(digit / 100);
      return digit % 100 == 0;
    default:
      *value = *value * Accumulator(1000) + Accumulator(digit / 10);
      return digit % 10 == 0;
  }
}

template <typename Accumulator>
inline ValueOutcome ToScaled(const char* p, int32_t size, int precision, int scale,
                             Accumulator* value) {
  Numeric numeric;
  if (const ValueOutcome outcome = Parse(p, size, &numeric); outcome != ValueOutcome::kOk) {
    return outcome;
  }
  *value = Accumulator(0);
  if (numeric.count == 0) return ValueOutcome::kOk;
  // Exact: the number of decimal digits of the result. It bounds every intermediate value.
  if (DecimalDigits(numeric.digit(0)) + 4 * numeric.weight + scale > precision) {
    return ValueOutcome::kNulled;
  }
  int position = 4 * numeric.weight + scale;  // the decimal exponent of the digit's last decimal
  for (int i = 0; i < numeric.count; ++i, position -= 4) {
    const int digit = numeric.digit(i);
    if (digit >= kDigitBase) return ValueOutcome::kMalformed;
    if (position >= 0) {
      *value = *value * Accumulator(kDigitBase) + Accumulator(digit);
    } else if (position > -4) {
      if (!AddPartialDigit(digit, 4 + position, value)) return ValueOutcome::kNulled;
    } else if (digit != 0) {
      return ValueOutcome::kNulled;  // it would have to be rounded
    }
  }
  // position is now 4 below that of the last digit.
  if (position + 4 > 0) MultiplyByPowerOfTen(value, position + 4);
  if (numeric.negative) *value = -*value;
  return ValueOutcome::kOk;
}

void AppendDigit(int digit, std::string* text) {
  const char decimals[4] = {
      static_cast<char>('0' + digit / 1000), static_cast<char>('0' + digit / 100 % 10),
      static_cast<char>('0' + digit / 10 % 10), static_cast<char>('0' + digit % 10)};
  text->append(decimals, 4);
}

}  // namespace

ValueOutcome LongNumericToInt64(const char* p, int32_t size, int precision, int scale,
                                int64_t* value) {
  return ToScaled(p, size, precision, scale, value);
}

ValueOutcome NumericToInt128(const char* p, int32_t size, int precision, int scale, Int128* value) {
  return ToScaled(p, size, precision, scale, value);
}

ValueOutcome NumericToDecimal256(const char* p, int32_t size, int precision, int scale,
                                 arrow::BasicDecimal256* value) {
  return ToScaled(p, size, precision, scale, value);
}

ValueOutcome NumericToText(const char* p, int32_t size, std::string* text) {
  Numeric numeric;
  if (const ValueOutcome outcome = Parse(p, size, &numeric); outcome != ValueOutcome::kOk) {
    return outcome;
  }
  text->clear();
  if (numeric.count == 0) {
    *text = "0";
    return ValueOutcome::kOk;
  }
  for (int i = 0; i < numeric.count; ++i) {
    if (numeric.digit(i) >= kDigitBase) return ValueOutcome::kMalformed;
  }
  const auto digit_of_weight = [&](int weight) {
    const int i = numeric.weight - weight;
    return i >= 0 && i < numeric.count ? numeric.digit(i) : 0;
  };
  for (int weight = numeric.weight; weight >= 0; --weight) {
    AppendDigit(digit_of_weight(weight), text);
  }
  const size_t first = text->find_first_not_of('0');
  text->erase(0, first == std::string::npos ? text->size() : first);
  if (text->empty()) *text = "0";
  const int last_weight = numeric.weight - numeric.count + 1;
  if (last_weight < 0) {
    *text += '.';
    for (int weight = -1; weight >= last_weight; --weight) {
      AppendDigit(digit_of_weight(weight), text);
    }
    text->erase(text->find_last_not_of('0') + 1);
    if (text->back() == '.') text->pop_back();
  }
  if (numeric.negative && *text != "0") text->insert(0, 1, '-');
  return ValueOutcome::kOk;
}

}  // namespace millrace
