#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/hash.h"

namespace millrace {

// Hashes of numbers by their value, whatever they are held in: 1000, 1000.00, 1e3 and the double
// 1000 have one hash.

uint64_t HashInteger(int64_t value);
/// mantissa * 10^-scale.
uint64_t HashDecimal(Int128 mantissa, int32_t scale);
/// By the shortest decimal that reads back as the same double. NaN and the infinities have hashes
/// of their own.
uint64_t HashDouble(double value);
/// Digits with an optional sign, point and exponent; nothing for any other text.
std::optional<uint64_t> HashNumberText(std::string_view text);

}  // namespace millrace
