#pragma once

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

/// precision ≤ 18.
ValueOutcome NumericToInt64(const char* p, int32_t size, int precision, int scale, int64_t* value);
/// precision ≤ 38.
ValueOutcome NumericToInt128(const char* p, int32_t size, int precision, int scale,
                             WireInt128* value);
/// precision ≤ 76.
ValueOutcome NumericToDecimal256(const char* p, int32_t size, int precision, int scale,
                                 arrow::BasicDecimal256* value);

/// The canonical text of number(): exact, however long. Nulled when it is no number.
ValueOutcome NumericToText(const char* p, int32_t size, std::string* text);

}  // namespace millrace
