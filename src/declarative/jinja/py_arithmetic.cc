#include <cmath>

#include "declarative/jinja/py_big_int.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_temporal.h"

namespace millrace {
namespace {

using Kind = PyValue::Kind;
using Op = PyBinaryOperator;

bool IsIntegral(const PyValue& value) {
  return value.is_bool() || value.is_int() || value.kind() == Kind::kBigInt;
}

Status Unsupported(Op op, const PyValue& a, const PyValue& b) {
  static constexpr std::string_view kSigns[] = {"+", "-", "*", "/", "//", "%", "** or pow()"};
  return PyError("TypeError",
                 fmt::format("unsupported operand type(s) for {}: '{}' and '{}'",
                             kSigns[static_cast<int>(op)], PyTypeName(a), PyTypeName(b)));
}

/// What fits 64 bits on the whole way; none: look closer.
bool SmallIntegers(Op op, int64_t a, int64_t b, PyValue* result) {
  int64_t value = 0;
  switch (op) {
    case Op::kAdd:
      if (__builtin_add_overflow(a, b, &value)) return false;
      break;
    case Op::kSub:
      if (__builtin_sub_overflow(a, b, &value)) return false;
      break;
    case Op::kMul:
      if (__builtin_mul_overflow(a, b, &value)) return false;
      break;
    case Op::kFloorDiv:
    case Op::kMod: {
      if (b == 0 || (a == INT64_MIN && b == -1)) return false;
      const int64_t rest = a % b;
      const bool down = rest != 0 && (rest < 0) != (b < 0);
      value = op == Op::kMod ? rest + (down ? b : 0) : a / b - (down ? 1 : 0);
      break;
    }
    default:
      return false;
  }
  *result = PyValue(value);
  return true;
}

double PythonMod(double a, double b) {
  double rest = std::fmod(a, b);
  if (rest == 0) return std::copysign(0.0, b);
  return (rest < 0) != (b < 0) ? rest + b : rest;
}

double PythonFloorDiv(double a, double b) {
  const double quotient = (a - PythonMod(a, b)) / b;
  if (quotient == 0) return std::copysign(0.0, a / b);
  const double floor = std::floor(quotient);
  return quotient - floor > 0.5 ? floor + 1 : floor;
}

Result<PyValue> OnFloats(Op op, double a, double b) {
  const auto by_zero = [](std::string_view what) { return PyError("ZeroDivisionError", what); };
  switch (op) {
    case Op::kAdd:
      return PyValue(a + b);
    case Op::kSub:
      return PyValue(a - b);
    case Op::kMul:
      return PyValue(a * b);
    case Op::kDiv:
      if (b == 0) return by_zero("float division by zero");
      return PyValue(a / b);
    case Op::kFloorDiv:
      if (b == 0) return by_zero("float floor division by zero");
      return PyValue(PythonFloorDiv(a, b));
    case Op::kMod:
      if (b == 0) return by_zero("float modulo");
      return PyValue(PythonMod(a, b));
    case Op::kPow:
      break;
  }
  if (a == 0 && b < 0) return by_zero("0.0 cannot be raised to a negative power");
  const double power = std::pow(a, b);
  if (std::isnan(power) && !std::isnan(a) && !std::isnan(b)) {
    return PyError("ValueError", "complex numbers are not supported");
  }
  if (std::isinf(power) && std::isfinite(a) && std::isfinite(b)) {
    return PyError("OverflowError", "(34, 'Numerical result out of range')");
  }
  return PyValue(power);
}

Result<PyValue> OnNumbers(Op op, const PyValue& a, const PyValue& b) {
  if (!a.is_float() && !b.is_float()) {
    PyValue result;
    if (a.kind() != Kind::kBigInt && b.kind() != Kind::kBigInt &&
        SmallIntegers(op, a.as_int(), b.as_int(), &result)) {
      return result;
    }
    if (op != Op::kPow || CompareIntegers(b, PyValue(0)) >= 0) return BinaryOnIntegers(op, a, b);
  }
  const auto real = [](const PyValue& value) {
    return value.is_float() ? value.as_float() : PyIntToDouble(value);
  };
  const double x = real(a), y = real(b);
  if ((!a.is_float() && std::isinf(x)) || (!b.is_float() && std::isinf(y))) {
    return PyError("OverflowError", "int too large to convert to float");
  }
  return OnFloats(op, x, y);
}

std::string EscapedText(const PyValue& value) {
  if (value.is_markup()) return value.str();
  std::string escaped;
  AppendHtmlEscaped(value.str(), &escaped);
  return escaped;
}

Result<PyValue> Concatenated(const PyValue& a, const PyValue& b) {
  if (a.kind() != b.kind()) return Unsupported(Op::kAdd, a, b);
  switch (a.kind()) {
    case Kind::kStr:
      if (a.is_markup() || b.is_markup()) {
        return PyValue::Markup(EscapedText(a) + EscapedText(b));
      }
      return PyValue(a.str() + b.str());
    case Kind::kBytes:
      return PyValue::Bytes(a.str() + b.str());
    case Kind::kList:
    case Kind::kTuple: {
      PyList items = a.items();
      items.insert(items.end(), b.items().begin(), b.items().end());
      return a.is_list() ? PyValue::List(std::move(items)) : PyValue::Tuple(std::move(items));
    }
    default:
      return Unsupported(Op::kAdd, a, b);
  }
}

bool IsSequence(const PyValue& value) {
  return value.is_str() || value.kind() == Kind::kBytes || value.is_list() || value.is_tuple();
}

Result<PyValue> Repeated(const PyValue& sequence, const PyValue& times) {
  constexpr int64_t kItemsMax = 100'000'000;
  if (!IsIntegral(times)) return Unsupported(Op::kMul, sequence, times);
  const bool text = sequence.is_str() || sequence.kind() == Kind::kBytes;
  const int64_t size = text ? sequence.str().size() : sequence.items().size();
  if (times.kind() == Kind::kBigInt) {
    return PyError("OverflowError", "cannot fit 'int' into an index-sized integer");
  }
  int64_t count = times.as_int();
  if (count <= 0 || size == 0) count = 0;
  if (count > kItemsMax || size * count > kItemsMax) {
    return PyError("MemoryError", "the repetition would be too large");
  }
  if (text) {
    std::string repeated;
    repeated.reserve(size * count);
    for (int64_t i = 0; i < count; ++i) repeated += sequence.str();
    if (sequence.is_markup()) return PyValue::Markup(std::move(repeated));
    return sequence.is_str() ? PyValue(std::move(repeated)) : PyValue::Bytes(std::move(repeated));
  }
  PyList items;
  items.reserve(size * count);
  for (int64_t i = 0; i < count; ++i) {
    items.insert(items.end(), sequence.items().begin(), sequence.items().end());
  }
  return sequence.is_list() ? PyValue::List(std::move(items)) : PyValue::Tuple(std::move(items));
}

Result<PyValue> SetDifference(const PyValue& a, const PyValue& b) {
  PyList left;
  for (const PyValue& item : a.items()) {
    MR_ASSIGN_OR_RETURN(const bool there, PyContains(b, item));
    if (!there) left.push_back(item);
  }
  return PyValue::Set(std::move(left));
}

}  // namespace

bool PyIsNumber(const PyValue& value) { return value.is_float() || IsIntegral(value); }

Result<PyValue> PyBinary(PyBinaryOperator op, const PyValue& a, const PyValue& b) {
  if (PyIsNumber(a) && PyIsNumber(b)) return OnNumbers(op, a, b);
  // Text formats whatever stands behind it, even an Undefined.
  if (op == Op::kMod && a.is_str()) return PyPercentFormat(a.str(), b);
  if (a.is_undefined() || b.is_undefined()) return UseOfUndefined(a.is_undefined() ? a : b);
  if (IsTemporal(a) || IsTemporal(b)) return TemporalBinary(op, a, b);
  if (op == Op::kAdd) return Concatenated(a, b);
  if (op == Op::kMul && IsSequence(a)) return Repeated(a, b);
  if (op == Op::kMul && IsSequence(b)) return Repeated(b, a);
  if (op == Op::kSub && a.kind() == Kind::kSet && b.kind() == Kind::kSet) {
    return SetDifference(a, b);
  }
  return Unsupported(op, a, b);
}

Result<PyValue> PyNegative(const PyValue& value) {
  if (value.is_float()) return PyValue(-value.as_float());
  if (IsIntegral(value)) {
    const bool simple = value.kind() != Kind::kBigInt && value.as_int() != INT64_MIN;
    return simple ? PyValue(-value.as_int()) : NegativeInteger(value);
  }
  if (value.is_undefined()) return UseOfUndefined(value);
  if (IsTemporal(value)) return TemporalNegative(value);
  return PyError("TypeError", fmt::format("bad operand type for unary -: '{}'", PyTypeName(value)));
}

Result<PyValue> PyPositive(const PyValue& value) {
  if (value.is_bool()) return PyValue(value.as_int());
  if (PyIsNumber(value) || value.kind() == Kind::kTimeDelta) return value;
  if (value.is_undefined()) return UseOfUndefined(value);
  return PyError("TypeError", fmt::format("bad operand type for unary +: '{}'", PyTypeName(value)));
}

int64_t PyBinaryCost(PyBinaryOperator op, const PyValue& a, const PyValue& b) {
  const auto size = [](const PyValue& value) -> int64_t {
    if (value.is_str() || value.kind() == Kind::kBytes) return value.str().size();
    if (value.is_list() || value.is_tuple()) return value.items().size() * sizeof(PyValue);
    return value.kind() == Kind::kBigInt ? IntegerBits(value) / 8 : 0;
  };
  if (op != Op::kMul) return size(a) + size(b);
  const bool repeats = IsSequence(a) || IsSequence(b);
  if (!repeats) return size(a) + size(b);
  const PyValue& times = IsSequence(a) ? b : a;
  const int64_t length = size(IsSequence(a) ? a : b);
  if (times.kind() == Kind::kBigInt) return INT64_MAX;
  if (!IsIntegral(times) || times.as_int() <= 0) return 0;
  int64_t cost = 0;
  return __builtin_mul_overflow(length, times.as_int(), &cost) ? INT64_MAX : cost;
}

}  // namespace millrace
