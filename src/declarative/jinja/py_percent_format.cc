#include <algorithm>
#include <cmath>
#include <cstdio>

#include "declarative/jinja/py_big_int.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_stream_slice.h"
#include "declarative/jinja/py_text.h"

namespace millrace {
namespace {

using Kind = PyValue::Kind;

/// No wider than this, so that a short template can't ask for gigabytes.
constexpr int64_t kWidthMax = 1'000'000;

struct Directive {
  bool minus = false, plus = false, space = false, zero = false, alternate = false;
  int64_t width = 0, precision = -1;
  char type = 0;
};

/// Fills up to the width: signs and prefixes stay in front of zeros.
std::string Padded(const Directive& directive, std::string_view front, std::string_view body,
                   bool zeros) {
  const int64_t length = static_cast<int64_t>(front.size()) + CodePointLength(body);
  const auto fill = static_cast<size_t>(std::max<int64_t>(0, directive.width - length));
  std::string text;
  if (directive.minus) {
    text.append(front).append(body).append(fill, ' ');
  } else if (zeros) {
    text.append(front).append(fill, '0').append(body);
  } else {
    text.append(fill, ' ').append(front).append(body);
  }
  return text;
}

std::string SignOf(const Directive& directive, bool negative) {
  return negative ? "-" : directive.plus ? "+" : directive.space ? " " : "";
}

Result<std::string> FormattedInteger(const Directive& directive, const PyValue& argument) {
  PyValue number = argument;
  if (number.is_float() && std::string_view("diu").find(directive.type) != std::string::npos) {
    if (!std::isfinite(number.as_float())) {
      return PyError("ValueError", "cannot convert float NaN or infinity to integer");
    }
    number = PyIntFromFloat(number.as_float());
  }
  if (!PyIsNumber(number) || number.is_float()) {
    return PyError("TypeError", fmt::format("%{} format: a number is required, not {}",
                                            directive.type, PyTypeName(argument)));
  }
  const char type = directive.type;
  std::string digits = IntegerText(number, type == 'o' ? 8 : (type | 0x20) == 'x' ? 16 : 10);
  const bool negative = digits[0] == '-';
  if (negative) digits.erase(0, 1);
  std::string front = SignOf(directive, negative);
  if (directive.alternate && type == 'o') front += "0o";
  if (directive.alternate && (type | 0x20) == 'x') front += type == 'x' ? "0x" : "0X";
  if (type == 'X') std::transform(digits.begin(), digits.end(), digits.begin(), ::toupper);
  if (directive.precision > static_cast<int64_t>(digits.size())) {
    digits.insert(0, directive.precision - digits.size(), '0');
  }
  return Padded(directive, front, digits, directive.zero);
}

Result<std::string> FormattedFloat(const Directive& directive, const PyValue& argument) {
  if (!PyIsNumber(argument)) {
    return PyError("TypeError", fmt::format("must be real number, not {}", PyTypeName(argument)));
  }
  const double number = argument.is_float() ? argument.as_float() : PyIntToDouble(argument);
  const std::string front = SignOf(directive, std::signbit(number) && !std::isnan(number));
  if (!std::isfinite(number)) {
    return Padded(directive, front, std::isnan(number) ? "nan" : "inf", directive.zero);
  }
  const int precision =
      directive.precision < 0 ? 6 : static_cast<int>(std::min<int64_t>(directive.precision, 2000));
  const std::string format = std::string(directive.alternate ? "%#.*" : "%.*") + directive.type;
  std::string body(350 + precision, '\0');
  const int size =
      std::snprintf(body.data(), body.size(), format.c_str(), precision, std::fabs(number));
  body.resize(size);
  return Padded(directive, front, body, directive.zero);
}

Result<std::string> FormattedCharacter(const Directive& directive, const PyValue& argument) {
  std::string text;
  if (argument.is_str() && CodePointLength(argument.str()) == 1) {
    text = argument.str();
  } else if (argument.is_int() || argument.is_bool()) {
    if (argument.as_int() < 0 || argument.as_int() > 0x10FFFF) {
      return PyError("OverflowError", "%c arg not in range(0x110000)");
    }
    AppendCodePoint(static_cast<char32_t>(argument.as_int()), &text);
  } else {
    return PyError("TypeError", "%c requires int or char");
  }
  return Padded(directive, "", text, false);
}

Result<std::string> Formatted(const Directive& directive, const PyValue& argument) {
  switch (directive.type) {
    case 's':
    case 'r':
    case 'a': {
      std::string text = directive.type == 's' ? PyStr(argument) : PyRepr(argument);
      if (directive.precision >= 0) text.resize(CodePointOffset(text, directive.precision));
      return Padded(directive, "", text, false);
    }
    case 'd':
    case 'i':
    case 'u':
    case 'o':
    case 'x':
    case 'X':
      return FormattedInteger(directive, argument);
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
      return FormattedFloat(directive, argument);
    case 'c':
      return FormattedCharacter(directive, argument);
    default:
      return PyError("ValueError",
                     fmt::format("unsupported format character '{}'", directive.type));
  }
}

/// Walks over the format, taking arguments in order or by name.
class PercentFormatter {
 public:
  PercentFormatter(std::string_view format, const PyValue& arguments)
      : format_(format), arguments_(arguments) {}

  Result<PyValue> Run() {
    std::string text;
    while (at_ < format_.size()) {
      if (format_[at_] != '%') {
        text.push_back(format_[at_++]);
        continue;
      }
      ++at_;
      MR_ASSIGN_OR_RETURN(const std::string piece, Piece());
      text += piece;
    }
    const bool all = arguments_.is_tuple() ? next_ == arguments_.items().size()
                                           : next_ > 0 || Mapping() != nullptr;
    // Whatever has items by key may go unused, as mappings do.
    const bool has_items =
        arguments_.is_list() || arguments_.is_undefined() || arguments_.kind() == Kind::kBytes;
    if (!all && !has_items) {
      return PyError("TypeError", "not all arguments converted during string formatting");
    }
    return PyValue(std::move(text));
  }

 private:
  const PyDict* Mapping() const { return MappingOf(arguments_); }

  Result<PyValue> Next() {
    if (arguments_.is_tuple()) {
      if (next_ < arguments_.items().size()) return arguments_.items()[next_++];
    } else if (next_++ == 0) {
      return arguments_;
    }
    return PyError("TypeError", "not enough arguments for format string");
  }

  Result<int64_t> Number() {
    if (at_ < format_.size() && format_[at_] == '*') {
      ++at_;
      MR_ASSIGN_OR_RETURN(const PyValue value, Next());
      if (!value.is_int()) return PyError("TypeError", "* wants int");
      if (std::abs(value.as_int()) > kWidthMax) return PyError("ValueError", "width too big");
      return value.as_int();
    }
    int64_t number = 0;
    for (; at_ < format_.size() && format_[at_] >= '0' && format_[at_] <= '9'; ++at_) {
      number = number * 10 + (format_[at_] - '0');
      if (number > kWidthMax) return PyError("ValueError", "width too big");
    }
    return number;
  }

  /// The value of "(name)", if that is what comes next.
  Result<bool> Named(PyValue* value) {
    if (at_ >= format_.size() || format_[at_] != '(') return false;
    if (arguments_.is_undefined()) return UseOfUndefined(arguments_);
    if (Mapping() == nullptr) return PyError("TypeError", "format requires a mapping");
    const size_t start = ++at_;
    for (int open = 1; at_ < format_.size(); ++at_) {
      if (format_[at_] == '(') ++open;
      if (format_[at_] == ')' && --open == 0) break;
    }
    if (at_ >= format_.size()) return PyError("ValueError", "incomplete format key");
    const PyValue name(format_.substr(start, at_++ - start));
    MR_ASSIGN_OR_RETURN(*value, PySubscript(arguments_, name));
    return true;
  }

  Result<std::string> Piece() {
    if (at_ < format_.size() && format_[at_] == '%') {
      ++at_;
      return std::string("%");
    }
    PyValue argument;
    MR_ASSIGN_OR_RETURN(const bool named, Named(&argument));
    Directive directive;
    for (bool flags = true; flags && at_ < format_.size();) {
      switch (format_[at_]) {
        case '-':
          directive.minus = true;
          break;
        case '+':
          directive.plus = true;
          break;
        case ' ':
          directive.space = true;
          break;
        case '0':
          directive.zero = true;
          break;
        case '#':
          directive.alternate = true;
          break;
        default:
          flags = false;
      }
      if (flags) ++at_;
    }
    MR_ASSIGN_OR_RETURN(directive.width, Number());
    if (directive.width < 0) {
      directive.minus = true;
      directive.width = -directive.width;
    }
    if (at_ < format_.size() && format_[at_] == '.') {
      ++at_;
      MR_ASSIGN_OR_RETURN(directive.precision, Number());
      directive.precision = std::max<int64_t>(directive.precision, 0);
    }
    while (at_ < format_.size() &&
           std::string_view("hlL").find(format_[at_]) != std::string::npos) {
      ++at_;
    }
    if (at_ >= format_.size()) return PyError("ValueError", "incomplete format");
    directive.type = format_[at_++];
    if (!named) {
      MR_ASSIGN_OR_RETURN(argument, Next());
    }
    return Formatted(directive, argument);
  }

  const std::string_view format_;
  const PyValue& arguments_;
  size_t at_ = 0, next_ = 0;
};

}  // namespace

Result<PyValue> PyPercentFormat(std::string_view format, const PyValue& arguments) {
  return PercentFormatter(format, arguments).Run();
}

}  // namespace millrace
