#include "declarative/jinja/py_strftime.h"

#include <fmt/format.h>
#include <locale.h>

#include <algorithm>
#include <ctime>
#include <iterator>

namespace millrace {
namespace {

/// The directives that most formats are made of. False: it's another one.
bool AppendCommon(char directive, const PyCivilTime& civil, PyZone zone, std::string* text) {
  const auto out = std::back_inserter(*text);
  switch (directive) {
    case 'Y':
      fmt::format_to(out, "{}", civil.year);
      return true;
    case 'm':
      fmt::format_to(out, "{:02}", civil.month);
      return true;
    case 'd':
      fmt::format_to(out, "{:02}", civil.day);
      return true;
    case 'H':
      fmt::format_to(out, "{:02}", civil.hour);
      return true;
    case 'M':
      fmt::format_to(out, "{:02}", civil.minute);
      return true;
    case 'S':
      fmt::format_to(out, "{:02}", civil.second);
      return true;
    case 'f':
      fmt::format_to(out, "{:06}", civil.microsecond);
      return true;
    case 'z':
      *text += PyOffsetText(zone, /*colons=*/false);
      return true;
    case 'Z':
      *text += PyZoneName(zone);
      return true;
    case '%':
      *text += '%';
      return true;
    default:
      return false;
  }
}

/// All by one pass of our own; false when there is a directive for the C library.
bool FormatCommon(const PyCivilTime& civil, PyZone zone, std::string_view format,
                  std::string* text) {
  for (size_t at = 0; at < format.size(); ++at) {
    if (format[at] != '%') {
      text->push_back(format[at]);
    } else if (++at == format.size() || !AppendCommon(format[at], civil, zone, text)) {
      return false;
    }
  }
  return true;
}

std::tm TimeOf(const PyMoment& moment, const PyCivilTime& civil) {
  const int64_t day = PyDayOf(moment.local_us);
  std::tm time = civil.Tm();
  time.tm_wday = (PyWeekday(day) + 1) % 7;
  time.tm_yday = static_cast<int>(PyDayOfYear(day) - 1);
  return time;
}

}  // namespace

std::string PyStrftime(const PyMoment& moment, std::string_view format) {
  const PyCivilTime civil = PyCivilTime::Of(moment.local_us);
  std::string text;
  if (FormatCommon(civil, moment.zone, format, &text)) return text;
  std::string directives;  // what is left for the C library
  for (size_t at = 0; at < format.size(); ++at) {
    directives.push_back(format[at]);
    if (format[at] != '%' || at + 1 == format.size()) continue;
    const char directive = format[++at];
    if (directive == 'f' || directive == 'z' || directive == 'Z') {
      directives.pop_back();
      AppendCommon(directive, civil, moment.zone, &directives);
    } else {
      directives.push_back(directive);
    }
  }
  static const locale_t c_locale = newlocale(LC_ALL_MASK, "C", nullptr);
  const std::tm time = TimeOf(moment, civil);
  // As Python: nothing at all when it doesn't fit 256 times the format.
  const size_t room_max = std::max<size_t>(1024, 256 * directives.size());
  for (size_t room = 1024;; room = std::min(2 * room, room_max)) {
    text.resize(room);
    const size_t size = strftime_l(text.data(), room, directives.c_str(), &time, c_locale);
    text.resize(size);
    if (size != 0 || room == room_max) return text;
  }
}

}  // namespace millrace
