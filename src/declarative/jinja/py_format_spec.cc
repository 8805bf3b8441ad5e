#include "declarative/jinja/py_format_spec.h"

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_text.h"
#include "formats/digit_run.h"

namespace millrace {
namespace {

bool IsAlign(char c) { return c == '<' || c == '>' || c == '=' || c == '^'; }

/// Reads digits; fails beyond what fits. `*any`: whether there were some.
Result<int64_t> ReadNumber(std::string_view text, size_t* at, bool* any) {
  int64_t value = 0;
  *any = false;
  for (; *at < text.size() && IsDigit(text[*at]); ++*at) {
    *any = true;
    value = value * 10 + (text[*at] - '0');
    if (value > INT32_MAX) {
      return PyError("ValueError", "Too many decimal digits in format string");
    }
  }
  return value;
}

}  // namespace

Result<PyFormatSpec> PyFormatSpec::Parse(std::string_view text) {
  PyFormatSpec spec;
  size_t at = 0;
  const auto next = [&](size_t offset = 0) {
    return at + offset < text.size() ? text[at + offset] : '\0';
  };
  const auto take = [&](std::string_view among) {
    return next() != '\0' && among.find(next()) != among.npos ? text[at++] : '\0';
  };
  size_t fill_end = 0;
  if (!text.empty()) NextCodePoint(text, &fill_end);
  bool fill_given = true;
  if (fill_end < text.size() && IsAlign(text[fill_end])) {
    spec.fill = text.substr(0, fill_end);
    spec.align = text[fill_end];
    at = fill_end + 1;
  } else {
    fill_given = false;
    spec.align = take("<>=^");
  }
  spec.sign = take("+- ");
  spec.no_negative_zero = take("z") != '\0';
  spec.alternate = take("#") != '\0';
  if (!fill_given && next() == '0') {
    spec.fill = "0";
    if (spec.align == '\0') spec.align = '0';  // '=' of numbers
    ++at;
  }
  bool any = false;
  MR_ASSIGN_OR_RETURN(spec.width, ReadNumber(text, &at, &any));
  spec.grouping = take(",_");
  if (spec.grouping != '\0' && (next() == ',' || next() == '_')) {
    return PyError("ValueError", "Cannot specify both ',' and '_'.");
  }
  if (next() == '.') {
    ++at;
    MR_ASSIGN_OR_RETURN(spec.precision, ReadNumber(text, &at, &any));
    if (!any) return PyError("ValueError", "Format specifier missing precision");
  }
  if (text.size() - at > 1) return PyError("ValueError", "Invalid format specifier");
  if (at < text.size()) spec.type = text[at];
  return spec;
}

std::string PyFormatSpec::Padded(std::string_view head, std::string_view body,
                                 char default_align) const {
  char side = align;
  if (side == '\0') side = default_align;
  if (side == '0') side = default_align == '<' ? '<' : '=';
  const int64_t missing = width - CodePointLength(head) - CodePointLength(body);
  std::string before, after;
  const int64_t left = side == '<' ? 0 : side == '^' ? missing / 2 : missing;
  for (int64_t i = 0; i < missing; ++i) (i < left ? before : after) += fill;
  std::string text;
  if (side == '=') {
    return text.append(head).append(before).append(body);
  }
  return text.append(before).append(head).append(body).append(after);
}

}  // namespace millrace
