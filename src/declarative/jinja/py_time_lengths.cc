#include "declarative/jinja/py_time_lengths.h"

#include <algorithm>

#include "declarative/jinja/py_time_names.h"
#include "formats/digit_run.h"

namespace millrace {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

/// What one or two digits a directive takes, two of them first.
struct DigitRange {
  char directive;
  int two_least, two_most;
  int one_least, one_most;
};
constexpr DigitRange kDigitRanges[] = {
    {'d', 1, 31, 1, 9}, {'H', 0, 23, 0, 9}, {'I', 1, 12, 1, 9}, {'m', 1, 12, 1, 9},
    {'M', 0, 59, 0, 9}, {'S', 0, 61, 0, 9}, {'U', 0, 53, 0, 9}, {'W', 0, 53, 0, 9},
    {'V', 1, 53, 0, 9}, {'y', 0, 99, 1, 0}, {'w', 1, 0, 0, 6},  {'u', 1, 0, 1, 7},
};

size_t DigitRun(std::string_view text, size_t most) {
  size_t run = 0;
  while (run < most && run < text.size() && IsDigit(text[run])) ++run;
  return run;
}

void AddDigits(const DigitRange& range, std::string_view text, PyTimeLengths* lengths) {
  const size_t run = DigitRun(text, 2);
  const int first = run > 0 ? text[0] - '0' : 0;
  const int both = run == 2 ? first * 10 + text[1] - '0' : -1;
  if (both >= range.two_least && both <= range.two_most) lengths->Add(2);
  if (run > 0 && first >= range.one_least && first <= range.one_most) lengths->Add(1);
  if (range.directive == 'd' && text.size() > 1 && text[0] == ' ' && text[1] >= '1' &&
      text[1] <= '9') {
    lengths->Add(2);
  }
}

void AddDayOfYear(std::string_view text, PyTimeLengths* lengths) {
  int value = 0;
  bool allowed[4] = {};
  for (size_t digits = 1; digits <= DigitRun(text, 3); ++digits) {
    value = value * 10 + text[digits - 1] - '0';
    allowed[digits] = value >= 1 && value <= 366;
  }
  for (size_t digits = 3; digits > 0; --digits) {
    if (allowed[digits]) lengths->Add(digits);
  }
}

bool IsSexagesimal(std::string_view text) {
  return text.size() >= 2 && text[0] >= '0' && text[0] <= '5' && IsDigit(text[1]);
}

void AddOffset(std::string_view text, PyTimeLengths* lengths) {
  if (text.starts_with('Z')) return lengths->Add(1);
  if (text.size() < 5 || (text[0] != '+' && text[0] != '-') || DigitRun(text.substr(1), 2) < 2) {
    return;
  }
  const size_t minutes = text[3] == ':' ? 4 : 3;
  if (!IsSexagesimal(text.substr(minutes))) return;
  const size_t short_end = minutes + 2;
  const size_t seconds = short_end + (text.substr(short_end).starts_with(':') ? 1 : 0);
  if (IsSexagesimal(text.substr(seconds))) {
    const size_t end = seconds + 2;
    if (text.substr(end).starts_with('.')) {
      for (size_t run = DigitRun(text.substr(end + 1), 6); run > 0; --run) {
        lengths->Add(end + 1 + run);
      }
    }
    lengths->Add(end);
  }
  if (lengths->count < lengths->values.size()) lengths->Add(short_end);
}

void AddName(char directive, std::string_view text, PyTimeLengths* lengths) {
  for (const std::string_view name : PyTimeNames(directive)) {
    // No name starts with another one but "may", which is the same in both tables.
    if (StartsWithIgnoringCase(text, name)) return lengths->Add(name.size());
  }
}

}  // namespace

bool StartsWithIgnoringCase(std::string_view text, std::string_view word) {
  return text.size() >= word.size() &&
         std::equal(word.begin(), word.end(), text.begin(),
                    [](char a, char b) { return Lower(a) == Lower(b); });
}

PyTimeLengths PyTimeLengths::Of(char directive, std::string_view text) {
  PyTimeLengths lengths;
  for (const DigitRange& range : kDigitRanges) {
    if (range.directive != directive) continue;
    AddDigits(range, text, &lengths);
    return lengths;
  }
  switch (directive) {
    case 'Y':
    case 'G':
      if (DigitRun(text, 4) == 4) lengths.Add(4);
      break;
    case 'f':
      for (size_t run = DigitRun(text, 6); run > 0; --run) lengths.Add(run);
      break;
    case 'j':
      AddDayOfYear(text, &lengths);
      break;
    case 'z':
      AddOffset(text, &lengths);
      break;
    default:
      AddName(directive, text, &lengths);
  }
  return lengths;
}

}  // namespace millrace
