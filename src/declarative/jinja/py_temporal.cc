#include "declarative/jinja/py_temporal.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_time.h"

namespace millrace {
namespace {

using Kind = PyValue::Kind;
using Op = PyBinaryOperator;

bool IsInteger(const PyValue& value) { return value.is_int() || value.is_bool(); }

Status Unsupported(Op op, const PyValue& a, const PyValue& b) {
  static constexpr std::string_view kSigns[] = {"+", "-", "*", "/", "//", "%", "** or pow()"};
  return PyError("TypeError",
                 fmt::format("unsupported operand type(s) for {}: '{}' and '{}'",
                             kSigns[static_cast<int>(op)], PyTypeName(a), PyTypeName(b)));
}

Status TooLarge() { return PyError("OverflowError", "Python int too large to convert to C int"); }

/// a / b to the nearest whole number, halves to the even one. b > 0 or b < 0.
Int128 DivideToEven(Int128 a, Int128 b) {
  if (b < 0) {
    a = -a;
    b = -b;
  }
  const Int128 whole = FloorDivide(a, b), rest = a - whole * b, opposite = b - rest;
  const bool up = rest > opposite || (rest == opposite && whole % 2 != 0);
  return whole + (up ? 1 : 0);
}

/// A float as mantissa * 2 ** exponent, the mantissa odd.
Status Decompose(double value, int64_t* mantissa, int* exponent) {
  if (!std::isfinite(value)) {
    return std::isnan(value) ? PyError("ValueError", "cannot convert NaN to integer ratio")
                             : PyError("OverflowError", "cannot convert Infinity to integer ratio");
  }
  *mantissa = static_cast<int64_t>(std::ldexp(std::frexp(value, exponent), 53));
  *exponent -= 53;
  while (*mantissa != 0 && *mantissa % 2 == 0) {
    *mantissa /= 2;
    ++*exponent;
  }
  return Status::Ok();
}

/// Of a timedelta and a number.
Result<Int128> Scaled(Op op, Int128 us, const PyValue& number) {
  // More than any timedelta is as large as that.
  constexpr double kFactorMax = 1e20;
  constexpr int kShiftMax = 58;
  const double size = std::abs(number.is_float() ? number.as_float() : PyIntToDouble(number));
  if (op == Op::kMul && size > kFactorMax && us != 0) return TooLarge();
  if (op != Op::kMul && size == 0) {
    return PyError("ZeroDivisionError", "integer division or modulo by zero");
  }
  if (IsInteger(number)) {
    const Int128 factor = number.as_int();
    if (op == Op::kMul) return us * factor;
    return op == Op::kDiv ? DivideToEven(us, factor) : FloorDivide(us, factor);
  }
  int64_t mantissa = 0;
  int exponent = 0;
  MR_RETURN_IF_ERROR(Decompose(number.as_float(), &mantissa, &exponent));
  if (op == Op::kDiv) {
    if (exponent < -kShiftMax || exponent > kShiftMax) {
      const double quotient = std::nearbyint(static_cast<double>(us) / number.as_float());
      if (std::abs(quotient) > 1e20) return TooLarge();
      return static_cast<Int128>(quotient);
    }
    return exponent <= 0 ? DivideToEven(us * (Int128{1} << -exponent), mantissa)
                         : DivideToEven(us, Int128{mantissa} << exponent);
  }
  const Int128 product = us * mantissa;
  if (exponent < -120) return Int128{0};
  return exponent >= 0 ? product * (Int128{1} << std::min(exponent, 20))
                       : DivideToEven(product, Int128{1} << -exponent);
}

Result<PyValue> DeltaWithDelta(Op op, const PyValue& a, const PyValue& b) {
  const Int128 x = DeltaOf(a), y = DeltaOf(b);
  if (op == Op::kAdd) return PyTimeDelta::Make(x + y);
  if (op == Op::kSub) return PyTimeDelta::Make(x - y);
  if (op == Op::kMul || op == Op::kPow) return Unsupported(op, a, b);
  if (y == 0) return PyError("ZeroDivisionError", "division by zero");
  if (op == Op::kDiv) {
    return PyValue(static_cast<double>(static_cast<long double>(x) / static_cast<long double>(y)));
  }
  const Int128 quotient = FloorDivide(x, y);
  if (op == Op::kMod) return PyTimeDelta::Make(x - quotient * y);
  if (quotient > INT64_MAX || quotient < INT64_MIN) return TooLarge();
  return PyValue(static_cast<int64_t>(quotient));
}

Result<PyValue> DeltaWithNumber(Op op, const PyValue& a, const PyValue& b) {
  const bool first = a.kind() == Kind::kTimeDelta;
  const PyValue& number = first ? b : a;
  const bool allowed = op == Op::kMul || (first && op == Op::kDiv) ||
                       (first && op == Op::kFloorDiv && !number.is_float());
  if (!allowed) return Unsupported(op, a, b);
  if (number.kind() == Kind::kBigInt) return TooLarge();
  MR_ASSIGN_OR_RETURN(const Int128 us, Scaled(op, DeltaOf(first ? a : b), number));
  return PyTimeDelta::Make(us);
}

/// A date or datetime moved by a timedelta; dates count whole days only.
Result<PyValue> Moved(const PyValue& time, Int128 us) {
  if (time.kind() == Kind::kDate) {
    return PyDate::Make(DateOf(time) + static_cast<int64_t>(FloorDivide(us, kPyMicrosPerDay)));
  }
  PyMoment moment = MomentOf(time);
  const Int128 local = Int128{moment.local_us} + us;
  if (local > INT64_MAX || local < INT64_MIN) {
    return PyError("OverflowError", "date value out of range");
  }
  moment.local_us = static_cast<int64_t>(local);
  return PyDateTime::Make(moment);
}

/// Moved back by a timedelta; that is no opposite of moving on where dates are concerned.
Result<PyValue> MovedBack(const PyValue& time, Int128 us) {
  if (time.kind() != Kind::kDate) return Moved(time, -us);
  return PyDate::Make(DateOf(time) - static_cast<int64_t>(FloorDivide(us, kPyMicrosPerDay)));
}

/// A date or datetime in another month and year, on the last day of the month when that has none
/// such.
Result<PyValue> InMonth(const PyValue& time, double years, double months) {
  if (std::trunc(years) != years || std::trunc(months) != months) {
    return PyError("ValueError", "fractional years or months not supported for date calculations");
  }
  if (std::abs(years) > 1e6 || std::abs(months) > 1e6) {
    return PyError("ValueError", "year is out of range");
  }
  const bool date = time.kind() == Kind::kDate;
  const int64_t local =
      date ? DateOf(time) * static_cast<int64_t>(kPyMicrosPerDay) : MomentOf(time).local_us;
  PyCivilTime civil = PyCivilTime::Of(local);
  const int64_t month = civil.month - 1 + static_cast<int64_t>(months);
  const auto carry = static_cast<int64_t>(FloorDivide(month, 12));
  civil.month = month - carry * 12 + 1;
  civil.year += static_cast<int64_t>(years) + carry;
  if (civil.year >= 1 && civil.year <= 9999) {
    civil.day = std::min(civil.day, PyDaysInMonth(civil.year, civil.month));
  }
  MR_ASSIGN_OR_RETURN(const int64_t moved, civil.LocalMicros());
  if (date) return PyDate::Make(PyDayOf(moved));
  return PyDateTime::Make({moved, MomentOf(time).zone});
}

bool IsTime(const PyValue& value) {
  return value.kind() == Kind::kDateTime || value.kind() == Kind::kDate;
}

Result<PyValue> TimeWithDelta(Op op, const PyValue& a, const PyValue& b) {
  if (op == Op::kAdd) return IsTime(a) ? Moved(a, DeltaOf(b)) : Moved(b, DeltaOf(a));
  if (op == Op::kSub && IsTime(a)) return MovedBack(a, DeltaOf(b));
  return Unsupported(op, a, b);
}

Result<PyValue> TimeWithTime(Op op, const PyValue& a, const PyValue& b) {
  if (op != Op::kSub || a.kind() != b.kind()) return Unsupported(op, a, b);
  if (a.kind() == Kind::kDate) {
    return PyTimeDelta::Make(Int128{DateOf(a) - DateOf(b)} * kPyMicrosPerDay);
  }
  const PyMoment &x = MomentOf(a), &y = MomentOf(b);
  if (x.zone.naive() != y.zone.naive()) {
    return PyError("TypeError", "can't subtract offset-naive and offset-aware datetimes");
  }
  return PyTimeDelta::Make(x.utc_us() - y.utc_us());
}

Result<PyValue> TimeWithDuration(Op op, const PyValue& a, const PyValue& b) {
  const PyValue& time = IsTime(a) ? a : b;
  const PyDuration& duration = DurationOf(IsTime(a) ? b : a);
  if (op == Op::kAdd) {
    MR_ASSIGN_OR_RETURN(const PyValue moved, InMonth(time, duration.years, duration.months));
    return Moved(moved, duration.us);
  }
  if (op != Op::kSub || !IsTime(a)) return Unsupported(op, a, b);
  MR_ASSIGN_OR_RETURN(const PyValue moved, InMonth(time, -duration.years, -duration.months));
  return MovedBack(moved, duration.us);
}

/// A duration with another, a timedelta or a number.
Result<PyValue> DurationWith(Op op, const PyValue& a, const PyValue& b) {
  const auto parts = [](const PyValue& value) {
    return value.kind() == Kind::kDuration
               ? PyDuration(DurationOf(value).years, DurationOf(value).months, DurationOf(value).us)
               : PyDuration(0, 0, DeltaOf(value));
  };
  if (op == Op::kMul && (IsInteger(a) || IsInteger(b))) {
    const PyDuration& duration = DurationOf(IsInteger(a) ? b : a);
    const PyValue& factor = IsInteger(a) ? a : b;
    MR_ASSIGN_OR_RETURN(const Int128 us, Scaled(op, duration.us, factor));
    const auto times = static_cast<double>(factor.as_int());
    return PyDuration::Make(duration.years * times, duration.months * times, us);
  }
  if ((op != Op::kAdd && op != Op::kSub) || !IsTemporal(a) || !IsTemporal(b)) {
    return Unsupported(op, a, b);
  }
  const int sign = op == Op::kAdd ? 1 : -1;
  const PyDuration x = parts(a), y = parts(b);
  return PyDuration::Make(x.years + sign * y.years, x.months + sign * y.months, x.us + sign * y.us);
}

bool DurationEqual(const PyValue& duration, const PyValue& other) {
  const PyDuration& x = DurationOf(duration);
  if (other.kind() == Kind::kDuration) {
    const PyDuration& y = DurationOf(other);
    return x.years * 12 + x.months == y.years * 12 + y.months && x.us == y.us;
  }
  return x.years == 0 && x.months == 0 && other.kind() == Kind::kTimeDelta &&
         x.us == DeltaOf(other);
}

template <typename T>
int Compared(T a, T b) {
  return a < b ? -1 : a > b;
}

}  // namespace

bool TemporalTruthy(const PyValue& value) {
  return value.kind() != Kind::kTimeDelta || DeltaOf(value) != 0;
}

bool TemporalEqual(const PyValue& a, const PyValue& b) {
  if (a.kind() == Kind::kDuration) return DurationEqual(a, b);
  if (b.kind() == Kind::kDuration) return DurationEqual(b, a);
  if (a.kind() != b.kind()) return false;
  const Result<int> compared = TemporalCompare(a, b);
  return compared.ok() && *compared == 0;
}

Result<int> TemporalCompare(const PyValue& a, const PyValue& b) {
  if (a.kind() != b.kind() || a.kind() == Kind::kDuration) {
    if (IsTime(a) && IsTime(b)) {
      return PyError("TypeError", "can't compare datetime.datetime to datetime.date");
    }
    return PyError("TypeError", fmt::format("'<' not supported between instances of '{}' and '{}'",
                                            PyTypeName(a), PyTypeName(b)));
  }
  if (a.kind() == Kind::kDate) return Compared(DateOf(a), DateOf(b));
  if (a.kind() == Kind::kTimeDelta) return Compared(DeltaOf(a), DeltaOf(b));
  const PyMoment &x = MomentOf(a), &y = MomentOf(b);
  if (x.zone.naive() != y.zone.naive()) {
    return PyError("TypeError", "can't compare offset-naive and offset-aware datetimes");
  }
  return Compared(x.utc_us(), y.utc_us());
}

Result<PyValue> TemporalBinary(PyBinaryOperator op, const PyValue& a, const PyValue& b) {
  const auto is = [&](Kind kind) { return a.kind() == kind || b.kind() == kind; };
  if (IsTime(a) && IsTime(b)) return TimeWithTime(op, a, b);
  if (IsTime(a) || IsTime(b)) {
    if (is(Kind::kTimeDelta)) return TimeWithDelta(op, a, b);
    if (is(Kind::kDuration)) return TimeWithDuration(op, a, b);
    return Unsupported(op, a, b);
  }
  if (is(Kind::kDuration)) return DurationWith(op, a, b);
  if (a.kind() == b.kind()) return DeltaWithDelta(op, a, b);
  if (PyIsNumber(a) || PyIsNumber(b)) return DeltaWithNumber(op, a, b);
  return Unsupported(op, a, b);
}

Result<PyValue> TemporalNegative(const PyValue& value) {
  if (value.kind() == Kind::kTimeDelta) return PyTimeDelta::Make(-DeltaOf(value));
  if (value.kind() == Kind::kDuration) {
    const PyDuration& duration = DurationOf(value);
    return PyDuration::Make(-duration.years, -duration.months, -duration.us);
  }
  return PyError("TypeError", fmt::format("bad operand type for unary -: '{}'", PyTypeName(value)));
}

}  // namespace millrace
