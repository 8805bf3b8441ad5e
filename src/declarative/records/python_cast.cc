#include "declarative/records/python_cast.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_text.h"

namespace millrace {
namespace {

/// Python reads no more digits than these into an integer.
constexpr size_t kDigitsMax = 4300;

std::string_view Stripped(std::string_view text) {
  const auto space = [](char character) {
    return character == ' ' || (character >= '\t' && character <= '\r') ||
           (character >= '\x1C' && character <= '\x1F');
  };
  while (!text.empty() && space(text.front())) text.remove_prefix(1);
  while (!text.empty() && space(text.back())) text.remove_suffix(1);
  return text;
}

bool IsDigit(char character) { return character >= '0' && character <= '9'; }

/// The text without "_", each of which has to stand between two digits; empty when one doesn't.
std::string WithoutUnderscores(std::string_view text) {
  std::string plain;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '_') {
      plain += text[at];
    } else if (at == 0 || at + 1 == text.size() || !IsDigit(text[at - 1]) ||
               !IsDigit(text[at + 1])) {
      return {};
    }
  }
  return plain;
}

Status Unreadable(std::string_view constructor, const PyValue& value) {
  return PyError("ValueError",
                 fmt::format("could not read {} from {}", constructor, PyRepr(value)));
}

Status WrongType(std::string_view constructor, const PyValue& value) {
  return PyError("TypeError", fmt::format("{}() argument must be a string or a real number, not "
                                          "'{}'",
                                          constructor, PyTypeName(value)));
}

std::string Lower(std::string text) {
  for (char& character : text) {
    if (character >= 'A' && character <= 'Z') character = static_cast<char>(character + 32);
  }
  return text;
}

}  // namespace

Result<PyValue> PyIntOf(const PyValue& value) {
  using Kind = PyValue::Kind;
  switch (value.kind()) {
    case Kind::kBool:
      return PyValue(value.as_bool() ? 1 : 0);
    case Kind::kInt:
    case Kind::kBigInt:
      return value;
    case Kind::kFloat:
      if (std::isnan(value.as_float())) {
        return PyError("ValueError", "cannot convert float NaN to integer");
      }
      if (std::isinf(value.as_float())) {
        return PyError("OverflowError", "cannot convert float infinity to integer");
      }
      return PyIntFromFloat(value.as_float());
    case Kind::kStr: {
      std::string digits = WithoutUnderscores(Stripped(value.str()));
      const bool negative = !digits.empty() && digits[0] == '-';
      if (!digits.empty() && (digits[0] == '-' || digits[0] == '+')) digits.erase(0, 1);
      bool number = !digits.empty() && digits.size() <= kDigitsMax;
      for (const char character : digits) number = number && IsDigit(character);
      if (!number) return Unreadable("int", value);
      return PyIntFromText((negative ? "-" : "") + digits);
    }
    default:
      return WrongType("int", value);
  }
}

Result<PyValue> PyFloatOf(const PyValue& value) {
  using Kind = PyValue::Kind;
  switch (value.kind()) {
    case Kind::kBool:
      return PyValue(value.as_bool() ? 1.0 : 0.0);
    case Kind::kFloat:
      return value;
    case Kind::kInt:
    case Kind::kBigInt: {
      const double number = PyIntToDouble(value);
      if (std::isfinite(number)) return PyValue(number);
      return PyError("OverflowError", "int too large to convert to float");
    }
    case Kind::kStr:
      break;
    default:
      return WrongType("float", value);
  }
  std::string digits = Lower(WithoutUnderscores(Stripped(value.str())));
  const bool negative = !digits.empty() && digits[0] == '-';
  if (!digits.empty() && (digits[0] == '-' || digits[0] == '+')) digits.erase(0, 1);
  const double sign = negative ? -1.0 : 1.0;
  if (digits == "inf" || digits == "infinity") {
    return PyValue(sign * std::numeric_limits<double>::infinity());
  }
  if (digits == "nan") return PyValue(std::numeric_limits<double>::quiet_NaN());
  if (digits.empty() || (!IsDigit(digits[0]) && digits[0] != '.')) {
    return Unreadable("float", value);
  }
  double number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (end != digits.data() + digits.size() || error == std::errc::invalid_argument) {
    return Unreadable("float", value);
  }
  if (error == std::errc::result_out_of_range) {
    // Too large, or too small: strtod tells which.
    number = std::strtod(digits.c_str(), nullptr);
  }
  return PyValue(sign * number);
}

}  // namespace millrace
