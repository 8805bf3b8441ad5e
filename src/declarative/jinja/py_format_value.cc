#include <fmt/format.h>

#include <cmath>
#include <cstdio>

#include "declarative/jinja/py_big_int.h"
#include "declarative/jinja/py_bound_arguments.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_format.h"
#include "declarative/jinja/py_format_spec.h"
#include "declarative/jinja/py_number_text.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_strftime.h"
#include "declarative/jinja/py_text.h"

namespace millrace {
namespace {

using Kind = PyValue::Kind;

Status BadType(char type, const PyValue& value) {
  return PyError("ValueError", fmt::format("Unknown format code '{}' for object of type '{}'", type,
                                           PyTypeName(value)));
}

/// Puts separators between groups of digits; with leading zeros up to `width` characters.
std::string Grouped(std::string_view digits, char separator, size_t group, int64_t width) {
  std::string reversed;
  size_t count = 0;
  for (size_t i = digits.size(); i-- > 0; ++count) {
    if (count != 0 && count % group == 0) reversed.push_back(separator);
    reversed.push_back(digits[i]);
  }
  while (static_cast<int64_t>(reversed.size()) < width) {
    if (count % group == 0) reversed.push_back(separator);
    reversed.push_back('0');
    ++count;
  }
  return {reversed.rbegin(), reversed.rend()};
}

std::string_view SignOf(bool negative, char sign) {
  return negative ? "-" : sign == '+' ? "+" : sign == ' ' ? " " : "";
}

/// A number's digits, sign and what follows them, put together.
std::string AssembledNumber(const PyFormatSpec& spec, std::string head, std::string_view digits,
                            std::string_view rest, size_t group) {
  std::string body(digits);
  if (spec.grouping != '\0') {
    const bool zeros = spec.fill == "0" && (spec.align == '0' || spec.align == '=');
    const int64_t room =
        zeros ? spec.width - static_cast<int64_t>(head.size() + rest.size()) : int64_t{0};
    body = Grouped(digits, spec.grouping, group, room);
  }
  body += rest;
  return spec.Padded(head, body, '>');
}

Result<std::string> FormatInteger(const PyValue& value, const PyFormatSpec& spec) {
  if (spec.precision >= 0) {
    return PyError("ValueError", "Precision not allowed in integer format specifier");
  }
  if (spec.no_negative_zero) {
    return PyError("ValueError", "Negative zero coercion (z) not allowed in integer format");
  }
  if (spec.type == 'c') {
    if (spec.sign != '\0') return PyError("ValueError", "Sign not allowed with 'c'");
    if (!value.is_int() || value.as_int() < 0 || value.as_int() > 0x10FFFF) {
      return PyError("OverflowError", "%c arg not in range(0x110000)");
    }
    std::string character;
    AppendCodePoint(static_cast<char32_t>(value.as_int()), &character);
    return spec.Padded("", character, '<');
  }
  const char type = static_cast<char>(spec.type == '\0' ? 'd' : spec.type);
  const int base = type == 'b' ? 2 : type == 'o' ? 8 : (type | 0x20) == 'x' ? 16 : 10;
  if (base != 10 && spec.grouping == ',') {
    return PyError("ValueError", fmt::format("Cannot specify ',' with '{}'.", type));
  }
  std::string digits = IntegerText(value, base);
  const bool negative = digits[0] == '-';
  if (negative) digits.erase(0, 1);
  std::string head(SignOf(negative, spec.sign));
  if (spec.alternate && base != 10) head += {'0', type};
  if (type == 'X') {
    for (char& c : digits) c = c >= 'a' ? static_cast<char>(c & ~0x20) : c;
  }
  return AssembledNumber(spec, std::move(head), digits, "", base == 10 ? 3 : 4);
}

std::string Printed(const char* form, int precision, double value) {
  std::string text(static_cast<size_t>(std::snprintf(nullptr, 0, form, precision, value)), '\0');
  std::snprintf(text.data(), text.size() + 1, form, precision, value);
  return text;
}

/// The digits of a finite, positive float.
std::string FloatDigits(double value, const PyFormatSpec& spec) {
  const bool alternate = spec.alternate;
  const int precision = static_cast<int>(spec.precision);
  switch (spec.type) {
    case 'e':
    case 'E':
      return Printed(alternate ? "%#.*e" : "%.*e", precision < 0 ? 6 : precision, value);
    case 'f':
    case 'F':
    case '%':
      return Printed(alternate ? "%#.*f" : "%.*f", precision < 0 ? 6 : precision, value);
    case '\0': {
      if (precision < 0) return PyRepr(PyValue(value));
      std::string text = Printed("%.*g", precision == 0 ? 1 : precision, value);
      // At least one digit behind the point, and so an exponent one place earlier.
      const auto exponent = static_cast<int>(std::floor(value == 0 ? 0 : std::log10(value)));
      if (text.find('e') == text.npos && text.find('.') == text.npos) {
        return exponent + 1 < std::max(precision, 1) ? text + ".0" : [&] {
          std::string scientific = Printed("%.*e", std::max(precision, 1) - 1, value);
          const size_t mark = scientific.find('e');
          std::string mantissa = scientific.substr(0, mark);
          if (mantissa.find('.') != mantissa.npos) {
            mantissa.erase(mantissa.find_last_not_of('0') + 1);
            if (mantissa.back() == '.') mantissa.pop_back();
          }
          return mantissa + scientific.substr(mark);
        }();
      }
      return text;
    }
    default:
      return Printed(alternate ? "%#.*g" : "%.*g", precision < 0 ? 6 : std::max(precision, 1),
                     value);
  }
}

Result<std::string> FormatFloat(double value, const PyFormatSpec& spec) {
  bool negative = std::signbit(value) && !std::isnan(value);
  double size = std::abs(value);
  if (spec.type == '%') size *= 100;
  std::string text = std::isnan(value)   ? "nan"
                     : std::isinf(value) ? "inf"
                                         : FloatDigits(size, spec);
  if (negative && spec.no_negative_zero && text.find_first_of("123456789") == text.npos) {
    negative = std::isinf(value);
  }
  if (spec.type == 'E' || spec.type == 'F' || spec.type == 'G') {
    for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c;
  }
  if (spec.type == '%') text.push_back('%');
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  return AssembledNumber(spec, std::string(SignOf(negative, spec.sign)),
                         std::string_view(text).substr(0, digits),
                         std::string_view(text).substr(digits), 3);
}

Result<std::string> FormatText(const PyValue& value, const PyFormatSpec& spec) {
  if (spec.type != '\0' && spec.type != 's') return BadType(spec.type, value);
  if (spec.sign != '\0')
    return PyError("ValueError", "Sign not allowed in string format specifier");
  if (spec.alternate) {
    return PyError("ValueError", "Alternate form (#) not allowed in string format specifier");
  }
  if (spec.grouping != '\0') return PyError("ValueError", "Cannot specify ',' with 's'.");
  if (spec.align == '=') {
    return PyError("ValueError", "'=' alignment not allowed in string format specifier");
  }
  std::string_view text = value.str();
  if (spec.precision >= 0) text = text.substr(0, CodePointOffset(text, spec.precision));
  return spec.Padded("", text, '<');
}

}  // namespace

Result<std::string> PyFormatValue(EvaluationBudget& budget, const PyValue& value,
                                  std::string_view spec_text) {
  if (spec_text.empty()) return PyStr(value);
  if (value.kind() == Kind::kDateTime) return PyStrftime(MomentOf(value), spec_text);
  if (value.kind() == Kind::kDate) {
    return PyStrftime({DateOf(value) * static_cast<int64_t>(kPyMicrosPerDay), {}}, spec_text);
  }
  if (!value.is_str() && !PyIsNumber(value)) {
    return PyError("TypeError", fmt::format("unsupported format string passed to {}.__format__",
                                            PyTypeName(value)));
  }
  MR_ASSIGN_OR_RETURN(const PyFormatSpec spec, PyFormatSpec::Parse(spec_text));
  MR_RETURN_IF_ERROR(budget.ChargeBytes(4 * spec.width + std::max<int64_t>(spec.precision, 0)));
  if (value.is_str()) return FormatText(value, spec);
  const bool float_type =
      std::string_view("eEfFgG%").find(spec.type) != std::string_view::npos && spec.type != '\0';
  const bool integer_type =
      std::string_view("bcdoxXn").find(spec.type) != std::string_view::npos && spec.type != '\0';
  if (spec.type != '\0' && !float_type && !integer_type) return BadType(spec.type, value);
  if (!value.is_float() && !float_type) return FormatInteger(value, spec);
  if (integer_type && spec.type != 'n') return BadType(spec.type, value);
  MR_ASSIGN_OR_RETURN(const double number, PyToFloat(value));
  return FormatFloat(number, spec);
}

}  // namespace millrace
