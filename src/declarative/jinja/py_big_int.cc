#include "declarative/jinja/py_big_int.h"

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>
#include <cmath>

#include "declarative/jinja/py_error.h"

namespace millrace {
namespace {

using Integer = boost::multiprecision::cpp_int;

struct PyBigInt final : PyObject {
  explicit PyBigInt(Integer value) : value(std::move(value)) {}
  const Integer value;
};

Integer IntegerOf(const PyValue& value) {
  if (value.kind() != PyValue::Kind::kBigInt) return Integer(value.as_int());
  return static_cast<const PyBigInt*>(value.object())->value;
}

PyValue ValueOf(Integer value) {
  static const Integer kLeast(INT64_MIN), kMost(INT64_MAX);
  if (value >= kLeast && value <= kMost) return PyValue(static_cast<int64_t>(value));
  return PyValue::Of(PyValue::Kind::kBigInt, new PyBigInt(std::move(value)));
}

int64_t BitsOf(const Integer& value) {
  return value == 0 ? 0 : static_cast<int64_t>(msb(abs(value))) + 1;
}

/// a / b to the nearest double; b isn't 0.
double Quotient(const Integer& a, const Integer& b) {
  if (a == 0) return 0;
  Integer x = abs(a), y = abs(b);
  const int64_t shift = 64 - (BitsOf(x) - BitsOf(y));  // the quotient gets 64 or 65 bits
  if (shift > 0) {
    x <<= shift;
  } else {
    y <<= -shift;
  }
  Integer quotient, rest;
  divide_qr(x, y, quotient, rest);
  int64_t exponent = -shift;
  bool sticky = rest != 0;
  if (BitsOf(quotient) > 64) {
    sticky = sticky || bit_test(quotient, 0);
    quotient >>= 1;
    ++exponent;
  }
  auto bits = static_cast<uint64_t>(quotient);
  if (sticky) bits |= 1;
  const double magnitude =
      std::ldexp(static_cast<double>(bits),
                 static_cast<int>(std::clamp<int64_t>(exponent, -100'000, 100'000)));
  return (a < 0) != (b < 0) ? -magnitude : magnitude;
}

/// Rounded towards minus infinity, and what then is left, with b's sign.
std::pair<Integer, Integer> FloorDivide(const Integer& a, const Integer& b) {
  Integer quotient, rest;
  divide_qr(a, b, quotient, rest);
  if (rest != 0 && (rest < 0) != (b < 0)) {
    --quotient;
    rest += b;
  }
  return {quotient, rest};
}

}  // namespace

int CompareIntegers(const PyValue& a, const PyValue& b) {
  if (a.kind() != PyValue::Kind::kBigInt && b.kind() != PyValue::Kind::kBigInt) {
    return a.as_int() < b.as_int() ? -1 : a.as_int() > b.as_int();
  }
  return IntegerOf(a).compare(IntegerOf(b));
}

Result<PyValue> BinaryOnIntegers(PyBinaryOperator op, const PyValue& a, const PyValue& b) {
  const Status too_large = PyError("OverflowError", "the integer would be too large");
  const Integer x = IntegerOf(a), y = IntegerOf(b);
  switch (op) {
    case PyBinaryOperator::kAdd:
      return ValueOf(x + y);
    case PyBinaryOperator::kSub:
      return ValueOf(x - y);
    case PyBinaryOperator::kMul:
      if (BitsOf(x) + BitsOf(y) > kBigIntBitsMax) return too_large;
      return ValueOf(x * y);
    case PyBinaryOperator::kDiv: {
      if (y == 0) return PyError("ZeroDivisionError", "division by zero");
      const double quotient = Quotient(x, y);
      if (std::isinf(quotient)) {
        return PyError("OverflowError", "integer division result too large for a float");
      }
      return PyValue(quotient);
    }
    case PyBinaryOperator::kFloorDiv:
    case PyBinaryOperator::kMod: {
      if (y == 0) return PyError("ZeroDivisionError", "integer division or modulo by zero");
      auto [quotient, rest] = FloorDivide(x, y);
      return ValueOf(op == PyBinaryOperator::kMod ? std::move(rest) : std::move(quotient));
    }
    case PyBinaryOperator::kPow:
      if (abs(x) <= 1) return ValueOf(x < 0 && !bit_test(y, 0) ? Integer(1) : y == 0 ? 1 : x);
      if (y > kBigIntBitsMax || BitsOf(x) * static_cast<int64_t>(y) > kBigIntBitsMax) {
        return too_large;
      }
      return ValueOf(pow(x, static_cast<unsigned>(y)));
  }
  return too_large;
}

PyValue NegativeInteger(const PyValue& value) { return ValueOf(-IntegerOf(value)); }

std::string IntegerText(const PyValue& value, int base) {
  const Integer number = IntegerOf(value);
  if (base == 10) return number.str();
  if (number == 0) return "0";
  std::string digits;
  for (Integer left = abs(number); left != 0; left /= base) {
    digits.push_back("0123456789abcdef"[static_cast<int>(Integer(left % base))]);
  }
  if (number < 0) digits.push_back('-');
  std::reverse(digits.begin(), digits.end());
  return digits;
}

int64_t IntegerBits(const PyValue& value) { return BitsOf(IntegerOf(value)); }

PyValue PyIntFromText(std::string_view digits, int base) {
  bool negative = false;
  if (digits.front() == '-' || digits.front() == '+') {
    negative = digits.front() == '-';
    digits.remove_prefix(1);
  }
  Integer number;
  for (const char digit : digits) {
    number *= base;
    number += digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
  }
  return ValueOf(negative ? Integer(-number) : number);
}

PyValue PyIntFromFloat(double value) {
  if (std::fabs(value) < 9e18) return PyValue(static_cast<int64_t>(value));
  return ValueOf(Integer(std::trunc(value)));
}

double PyIntToDouble(const PyValue& value) {
  if (value.kind() != PyValue::Kind::kBigInt) return static_cast<double>(value.as_int());
  return Quotient(IntegerOf(value), 1);
}

}  // namespace millrace
