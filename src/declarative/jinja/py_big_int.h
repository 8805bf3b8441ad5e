#pragma once

#include <string>
#include <string_view>

#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_value.h"

namespace millrace {

// Python's int beyond 64 bits. Operands are bools, ints and kBigInts in any mixture; results are
// kInt where they fit.

/// Below, at or above 0.
int CompareIntegers(const PyValue& a, const PyValue& b);
/// kAdd, kSub, kMul, kFloorDiv, kMod, kPow with an exponent >= 0; kDiv gives a float. An
/// OverflowError when the result is larger than kBigIntBitsMax (Python would go on).
Result<PyValue> BinaryOnIntegers(PyBinaryOperator op, const PyValue& a, const PyValue& b);
PyValue NegativeInteger(const PyValue& value);
/// `base` is 2, 8, 10 or 16; lower case, no prefix.
std::string IntegerText(const PyValue& value, int base = 10);
/// How many bits its magnitude has.
int64_t IntegerBits(const PyValue& value);

inline constexpr int64_t kBigIntBitsMax = 1 << 17;
/// What str() refuses to print (4,300 digits).
inline constexpr int64_t kPrintableBitsMax = 14'284;

}  // namespace millrace
