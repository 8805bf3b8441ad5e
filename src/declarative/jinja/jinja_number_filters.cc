#include <fmt/format.h>

#include <cmath>
#include <cstdio>

#include "declarative/jinja/py_bound_arguments.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_function_table.h"
#include "declarative/jinja/py_number_text.h"
#include "declarative/jinja/py_operators.h"

namespace millrace {
namespace {

bool IsConversionError(const Status& status) {
  return IsPyError(status, "TypeError") || IsPyError(status, "ValueError");
}

Result<PyValue> Int(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("int", arguments, {"value", "default", "base"}, 1));
  const PyValue& value = args.At(0);
  const PyValue otherwise = args[1] == nullptr ? PyValue(0) : args.At(1);
  if (value.is_str()) {
    MR_ASSIGN_OR_RETURN(const int64_t base, args.Integer(2, 10));
    if (base == 0 || (base >= 2 && base <= 36)) {
      const std::optional<PyValue> number = PyIntOfText(value.str(), static_cast<int>(base));
      if (number) return *number;
    }
  } else {
    Result<PyValue> number = PyToInt(value);
    if (number.ok() || !IsConversionError(number.status())) return number;
  }
  const Result<double> real = PyToFloat(value);
  if (!real.ok()) {
    const bool caught =
        IsConversionError(real.status()) || IsPyError(real.status(), "OverflowError");
    return caught ? Result<PyValue>(otherwise) : real.status();
  }
  if (!std::isfinite(*real)) return otherwise;
  return PyIntFromFloat(*real);
}

Result<PyValue> Float(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("float", arguments, {"value", "default"}, 1));
  const Result<double> number = PyToFloat(args.At(0));
  if (number.ok()) return PyValue(*number);
  if (!IsConversionError(number.status())) return number.status();
  return args[1] == nullptr ? PyValue(0.0) : args.At(1);
}

Result<PyValue> Abs(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("abs", arguments, {""}, 1));
  const PyValue& value = args.At(0);
  if (value.is_bool()) return PyValue(value.as_int());
  if (value.is_float()) return PyValue(std::abs(value.as_float()));
  const bool delta = value.kind() == PyValue::Kind::kTimeDelta;
  if (!PyIsNumber(value) && !delta) {
    return PyError("TypeError", fmt::format("bad operand type for abs(): '{}'", PyTypeName(value)));
  }
  MR_ASSIGN_OR_RETURN(const PyValue negative, PyNegative(value));
  MR_ASSIGN_OR_RETURN(const bool below, PyLess(value, negative));
  return below ? negative : value;
}

/// Python's round() of a float: halves of what the binary value really is go to the even side.
Result<PyValue> RoundedFloat(double value, int64_t digits) {
  constexpr int64_t kDigitsMax = 323;
  if (!std::isfinite(value) || digits > kDigitsMax) return PyValue(value);
  if (digits < -309) return PyValue(std::copysign(0.0, value));
  if (digits < 0) {
    const double scale = std::pow(10.0, static_cast<double>(-digits));
    return PyValue(std::nearbyint(value / scale) * scale);
  }
  char text[700];
  std::snprintf(text, sizeof(text), "%.*f", static_cast<int>(digits), value);
  return PyValue(std::strtod(text, nullptr));
}

/// Of an int: only negative digits change it.
Result<PyValue> RoundedInt(const PyValue& value, int64_t digits) {
  if (digits >= 0) return value.is_bool() ? PyValue(value.as_int()) : value;
  if (digits < -4000) return PyValue(0);
  MR_ASSIGN_OR_RETURN(const PyValue scale,
                      PyBinary(PyBinaryOperator::kPow, PyValue(10), PyValue(-digits)));
  MR_ASSIGN_OR_RETURN(const PyValue rest, PyBinary(PyBinaryOperator::kMod, value, scale));
  MR_ASSIGN_OR_RETURN(const PyValue low, PyBinary(PyBinaryOperator::kSub, value, rest));
  MR_ASSIGN_OR_RETURN(const PyValue opposite, PyBinary(PyBinaryOperator::kSub, scale, rest));
  MR_ASSIGN_OR_RETURN(const bool down, PyLess(rest, opposite));
  MR_ASSIGN_OR_RETURN(const bool up, PyLess(opposite, rest));
  MR_ASSIGN_OR_RETURN(const PyValue quotient, PyBinary(PyBinaryOperator::kFloorDiv, low, scale));
  MR_ASSIGN_OR_RETURN(const PyValue odd, PyBinary(PyBinaryOperator::kMod, quotient, PyValue(2)));
  if (down || (!up && !PyTruthy(odd))) return low;
  return PyBinary(PyBinaryOperator::kAdd, low, scale);
}

/// math.ceil, math.floor.
Result<PyValue> Whole(const PyValue& value, bool up) {
  if (!value.is_float()) return PyToInt(value);
  return PyToInt(PyValue(up ? std::ceil(value.as_float()) : std::floor(value.as_float())));
}

Result<PyValue> Round(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(
      const PyBoundArguments args,
      PyBoundArguments::Bind("round", arguments, {"value", "precision", "method"}, 1));
  MR_ASSIGN_OR_RETURN(const std::string_view method, args.Text(2, "common"));
  const PyValue& value = args.At(0);
  if (method != "common" && method != "ceil" && method != "floor") {
    return PyError("FilterArgumentError", "method must be common, ceil or floor");
  }
  if (!PyIsNumber(value)) {
    return PyError("TypeError",
                   fmt::format("type {} doesn't define __round__ method", PyTypeName(value)));
  }
  MR_ASSIGN_OR_RETURN(const int64_t digits, args.Integer(1, 0));
  if (method == "common") {
    return value.is_float() ? RoundedFloat(value.as_float(), digits) : RoundedInt(value, digits);
  }
  MR_ASSIGN_OR_RETURN(const PyValue scale,
                      PyBinary(PyBinaryOperator::kPow, PyValue(10), PyValue(digits)));
  MR_ASSIGN_OR_RETURN(const PyValue scaled, PyBinary(PyBinaryOperator::kMul, value, scale));
  MR_ASSIGN_OR_RETURN(const PyValue whole, Whole(scaled, method == "ceil"));
  return PyBinary(PyBinaryOperator::kDiv, whole, scale);
}

Result<PyValue> FileSizeFormat(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("filesizeformat", arguments, {"value", "binary"}, 1));
  MR_ASSIGN_OR_RETURN(const double bytes, PyToFloat(args.At(0)));
  const bool binary = args.Truth(1, false);
  const double base = binary ? 1024 : 1000;
  if (bytes == 1) return PyValue("1 Byte");
  if (bytes < base) return PyValue(fmt::format("{} Bytes", static_cast<int64_t>(bytes)));
  double unit = base;
  constexpr std::string_view kPrefixes = "kMGTPEZY";
  for (const char prefix : kPrefixes) {
    unit *= base;
    if (bytes >= unit && prefix != kPrefixes.back()) continue;
    const std::string name =
        binary ? fmt::format("{}iB", prefix == 'k' ? 'K' : prefix) : fmt::format("{}B", prefix);
    return PyValue(fmt::format("{:.1f} {}", base * bytes / unit, name));
  }
  return PyValue("");
}

constexpr PyNamedFunction kFilters[] = {
    {"int", Int},
    {"float", Float},
    {"abs", Abs},
    {"round", Round},
    {"filesizeformat", FileSizeFormat},
};

}  // namespace

PyFunctionTable JinjaNumberFilters() { return kFilters; }

}  // namespace millrace
