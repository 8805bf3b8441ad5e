#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_iso_time.h"
#include "formats/digit_run.h"

namespace millrace {
namespace {

constexpr int64_t kSecond = 1'000'000;

/// A part of a duration. Years and months have no length of their own.
struct Part {
  char letter;
  bool time;  // behind the T
  int64_t unit_us;
};
constexpr Part kParts[] = {{'Y', false, 0},
                           {'M', false, 0},
                           {'W', false, 7 * 86'400 * kSecond},
                           {'D', false, 86'400 * kSecond},
                           {'H', true, 3'600 * kSecond},
                           {'M', true, 60 * kSecond},
                           {'S', true, kSecond}};
constexpr size_t kPartCount = std::size(kParts);

/// Reads "12.5D" and the like. False: what is there is no such thing.
bool ReadParts(std::string_view text, double* values) {
  size_t part = 0;
  bool time = false;
  for (size_t at = 0; at < text.size();) {
    if (text[at] == 'T' && !time) {
      time = true;
      part = 4;
      ++at;
      continue;
    }
    std::string number;
    while (at < text.size() && IsDigit(text[at])) number.push_back(text[at++]);
    if (number.empty()) return false;
    if (at < text.size() && (text[at] == '.' || text[at] == ',')) {
      number.push_back('.');
      const size_t whole = number.size();
      for (++at; at < text.size() && IsDigit(text[at]);) number.push_back(text[at++]);
      if (number.size() == whole) return false;
    }
    if (at == text.size()) return false;
    while (part < kPartCount && (kParts[part].letter != text[at] || kParts[part].time != time)) {
      ++part;
    }
    if (part == kPartCount) return false;
    values[part++] = std::strtod(number.c_str(), nullptr);
    ++at;
  }
  return true;
}

}  // namespace

Result<PyValue> PyIsoDuration(std::string_view text) {
  std::string_view rest = text;
  if (rest.ends_with('\n')) rest.remove_suffix(1);
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  double values[kPartCount] = {};
  // What follows the P is a letter or a digit.
  if (rest.size() < 2 || rest[0] != 'P' || !ReadParts(rest.substr(1), values)) {
    return PyError("ISO8601Error", fmt::format("Unable to parse duration string '{}'", text));
  }
  PyTimeDeltaSum sum;
  for (const size_t part : {6, 5, 4, 3, 2}) {
    MR_RETURN_IF_ERROR(sum.Add(PyValue(values[part]), kParts[part].unit_us));
  }
  MR_ASSIGN_OR_RETURN(const Int128 total, sum.Total());
  const Int128 us = negative ? -total : total;
  if (values[0] == 0 && values[1] == 0) return PyTimeDelta::Make(us);
  const double sign = negative ? -1 : 1;
  return PyDuration::Make(sign * values[0], sign * values[1], us);
}

}  // namespace millrace
