#include "declarative/jinja/py_number_text.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_text.h"
#include "formats/digit_run.h"

namespace millrace {
namespace {

constexpr size_t kIntDigitsMax = 4300;

int DigitValue(char c) {
  if (IsDigit(c)) return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'z' ? lower - 'a' + 10 : 99;
}

/// Takes single underscores between digits away. False: one stands where it can't.
bool WithoutUnderscores(std::string_view text, std::string* plain) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      plain->push_back(text[i]);
      continue;
    }
    const bool between = i > 0 && i + 1 < text.size() && DigitValue(text[i - 1]) < 36 &&
                         DigitValue(text[i + 1]) < 36;
    if (!between) return false;
  }
  return true;
}

/// The base that a prefix says; 0: there is none.
int PrefixBase(std::string_view digits) {
  if (digits.size() < 2 || digits[0] != '0') return 0;
  const char mark = static_cast<char>(digits[1] | 0x20);
  return mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 0;
}

/// Of bases that PyIntFromText doesn't know.
std::optional<PyValue> InAnyBase(std::string_view digits, int base) {
  PyValue total(0);
  for (const char digit : digits) {
    const Result<PyValue> shifted = PyBinary(PyBinaryOperator::kMul, total, PyValue(base));
    if (!shifted.ok()) return std::nullopt;
    const Result<PyValue> next =
        PyBinary(PyBinaryOperator::kAdd, *shifted, PyValue(DigitValue(digit)));
    if (!next.ok()) return std::nullopt;
    total = *next;
  }
  return total;
}

}  // namespace

std::string_view PyStripped(std::string_view text) {
  while (!text.empty()) {
    size_t at = 0;
    if (!IsPySpace(NextCodePoint(text, &at))) break;
    text.remove_prefix(at);
  }
  while (!text.empty()) {
    size_t start = text.size() - 1;
    while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) --start;
    size_t at = start;
    if (!IsPySpace(NextCodePoint(text, &at))) break;
    text.remove_suffix(text.size() - start);
  }
  return text;
}

std::optional<PyValue> PyIntOfText(std::string_view text, int base) {
  std::string_view digits = PyStripped(text);
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  const int prefix = PrefixBase(digits);
  if (prefix != 0 && (base == prefix || base == 0)) {
    base = prefix;
    digits.remove_prefix(2);
    if (digits.starts_with('_')) digits.remove_prefix(1);
  }
  const bool any_base = base == 0;
  if (any_base) base = 10;
  std::string plain;
  if (!WithoutUnderscores(digits, &plain) || plain.empty()) return std::nullopt;
  for (const char c : plain) {
    if (DigitValue(c) >= base) return std::nullopt;
  }
  if (any_base && plain[0] == '0' && plain.find_first_not_of('0') != plain.npos) {
    return std::nullopt;
  }
  const bool power = base == 2 || base == 8 || base == 16 || base == 4 || base == 32;
  if (plain.size() > kIntDigitsMax && !power) return std::nullopt;
  std::optional<PyValue> value;
  if (base == 10 || base == 2 || base == 8 || base == 16) {
    for (char& c : plain) c = IsDigit(c) ? c : static_cast<char>(c | 0x20);
    value = PyIntFromText(plain, base);
  } else {
    value = InAnyBase(plain, base);
  }
  if (!value || !negative) return value;
  const Result<PyValue> opposite = PyNegative(*value);
  return opposite.ok() ? std::optional(*opposite) : std::nullopt;
}

std::optional<double> PyFloatOfText(std::string_view text) {
  std::string plain;
  if (!WithoutUnderscores(PyStripped(text), &plain) || plain.empty()) return std::nullopt;
  std::string word;
  for (const char c : plain) word.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c);
  const size_t sign = word[0] == '-' || word[0] == '+' ? 1 : 0;
  const std::string_view rest = std::string_view(word).substr(sign);
  const bool named = rest == "inf" || rest == "infinity" || rest == "nan";
  if (!named) {
    if (rest.empty() || (!IsDigit(rest[0]) && rest[0] != '.')) return std::nullopt;
    if (rest.find_first_not_of("0123456789.e+-") != rest.npos) return std::nullopt;
  }
  char* end = nullptr;
  const double value = std::strtod(word.c_str(), &end);
  if (end != word.c_str() + word.size()) return std::nullopt;
  return value;
}

Result<PyValue> PyToInt(const PyValue& value) {
  if (value.is_bool()) return PyValue(value.as_int());
  if (value.is_int() || value.kind() == PyValue::Kind::kBigInt) return value;
  if (value.is_float()) {
    if (std::isnan(value.as_float())) {
      return PyError("ValueError", "cannot convert float NaN to integer");
    }
    if (std::isinf(value.as_float())) {
      return PyError("OverflowError", "cannot convert float infinity to integer");
    }
    return PyIntFromFloat(value.as_float());
  }
  if (value.is_str() || value.kind() == PyValue::Kind::kBytes) {
    if (const std::optional<PyValue> number = PyIntOfText(value.str())) return *number;
    return PyError("ValueError",
                   fmt::format("invalid literal for int() with base 10: {}", PyRepr(value)));
  }
  if (value.is_undefined()) return UseOfUndefined(value);
  return PyError("TypeError", fmt::format("int() argument must be a string, a bytes-like object "
                                          "or a real number, not '{}'",
                                          PyTypeName(value)));
}

Result<double> PyToFloat(const PyValue& value) {
  if (value.is_float()) return value.as_float();
  if (PyIsNumber(value)) {
    const double number = PyIntToDouble(value);
    if (!std::isinf(number)) return number;
    return PyError("OverflowError", "int too large to convert to float");
  }
  if (value.is_str() || value.kind() == PyValue::Kind::kBytes) {
    if (const std::optional<double> number = PyFloatOfText(value.str())) return *number;
    return PyError("ValueError",
                   fmt::format("could not convert string to float: {}", PyRepr(value)));
  }
  if (value.is_undefined()) return UseOfUndefined(value);
  return PyError("TypeError", fmt::format("float() argument must be a string or a real number, "
                                          "not '{}'",
                                          PyTypeName(value)));
}

}  // namespace millrace
