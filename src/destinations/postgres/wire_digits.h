#pragma once

#include <arrow/util/decimal.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

// Numbers in the binary form of PostgreSQL's numeric: groups of four decimal digits, the first
// group's weight, a sign, the digits to show after the point. Each function appends the field's
// length and then the value.

/// `unscaled` / 10^scale; scale from -38 to 38.
void AppendNumeric(const arrow::Decimal128& unscaled, int scale, std::string& out);

/// An integer's text / 10^scale as text without an exponent: ("-5", 2) → "-0.05".
std::string PlainDecimal(std::string digits, int scale);

/// A canonical decimal text (see NumberType). False, and nothing appended, when it has more digits
/// than numeric holds.
bool AppendNumeric(std::string_view canonical, std::string& out);

/// Whether numeric holds this canonical text.
bool FitsNumeric(std::string_view canonical);

}  // namespace millrace
