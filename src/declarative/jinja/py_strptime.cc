#include "declarative/jinja/py_strptime.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_time_lengths.h"
#include "declarative/jinja/py_time_names.h"
#include "formats/digit_run.h"

namespace millrace {
namespace {

constexpr std::string_view kDirectives = "dfHIGjmMSUwuVyYzAaBbpZW";

bool IsSpace(char c) { return (c >= '\t' && c <= '\r') || (c >= '\x1C' && c <= ' '); }

/// Matches text with a format as Python's regular expression for it does.
class Matcher {
 public:
  Matcher(std::string_view text, std::string_view format) : text_(text), format_(format) {}

  bool Match(size_t f, size_t t) {
    while (f < format_.size()) {
      const char c = format_[f];
      if (IsSpace(c)) return MatchSpace(f, t);
      if (c == '%' && format_[f + 1] != '%') return MatchDirective(f, t);
      if (c == '%') ++f;
      if (!StartsWithIgnoringCase(text_.substr(t), format_.substr(f, 1))) return false;
      ++f;
      ++t;
    }
    end_ = t;
    return true;
  }

  size_t end() const { return end_; }
  std::optional<std::string_view> Found(char directive) const {
    const std::string_view found = found_[kDirectives.find(directive)];
    return found.data() == nullptr ? std::nullopt : std::optional(found);
  }
  /// The number of a directive that was found.
  std::optional<int64_t> Number(char directive) const {
    const std::optional<std::string_view> found = Found(directive);
    if (!found) return std::nullopt;
    int64_t value = 0;
    for (const char c : *found) value = c == ' ' ? value : value * 10 + (c - '0');
    return value;
  }

 private:
  bool MatchSpace(size_t f, size_t t) {
    while (f < format_.size() && IsSpace(format_[f])) ++f;
    size_t end = t;
    while (end < text_.size() && IsSpace(text_[end])) ++end;
    for (; end > t; --end) {
      if (Match(f, end)) return true;
    }
    return false;
  }

  bool MatchDirective(size_t f, size_t t) {
    const char directive = format_[f + 1];
    const PyTimeLengths lengths = PyTimeLengths::Of(directive, text_.substr(t));
    std::string_view& found = found_[kDirectives.find(directive)];
    for (size_t i = 0; i < lengths.count; ++i) {
      found = text_.substr(t, lengths.values[i]);
      if (Match(f + 2, t + lengths.values[i])) return true;
    }
    found = {};
    return false;
  }

  const std::string_view text_, format_;
  std::array<std::string_view, kDirectives.size()> found_{};
  size_t end_ = 0;
};

int64_t IndexOfName(char directive, std::string_view found) {
  const std::span<const std::string_view> names = PyTimeNames(directive);
  for (size_t i = 0; i < names.size(); ++i) {
    if (found.size() == names[i].size() && StartsWithIgnoringCase(found, names[i])) {
      return static_cast<int64_t>(i);
    }
  }
  return 0;
}

int64_t DaysSince1970(int64_t year, int64_t month, int64_t day) {
  const Result<int64_t> days = PyDayOf(year, month, day);
  return days.ok() ? *days : 0;
}

bool IsLeap(int64_t year) { return PyDaysInMonth(year, 2) == 29; }

/// Puts together what the directives found.
class Assembler {
 public:
  explicit Assembler(const Matcher& matcher) : found_(matcher) {}

  Result<PyMoment> Assemble() {
    ReadDate();
    ReadTime();
    MR_RETURN_IF_ERROR(CheckWeeks());
    MR_RETURN_IF_ERROR(SettleDate());
    MR_ASSIGN_OR_RETURN(const PyZone zone, ReadZone());
    MR_ASSIGN_OR_RETURN(const int64_t local_us, civil_.LocalMicros());
    return PyMoment{local_us, zone};
  }

 private:
  void ReadDate() {
    year_ = found_.Number('Y');
    if (const auto year = found_.Number('y'); year && !year_) {
      year_ = *year + (*year <= 68 ? 2000 : 1900);
    }
    if (const auto month = found_.Number('m')) civil_.month = *month;
    for (const char directive : {'B', 'b'}) {
      if (const auto name = found_.Found(directive)) {
        civil_.month = IndexOfName(directive, *name) + 1;
      }
    }
    if (const auto day = found_.Number('d')) civil_.day = *day;
    for (const char directive : {'A', 'a'}) {
      if (const auto name = found_.Found(directive)) weekday_ = IndexOfName(directive, *name);
    }
    if (const auto weekday = found_.Number('w')) weekday_ = (*weekday + 6) % 7;
    if (const auto weekday = found_.Number('u')) weekday_ = *weekday - 1;
    julian_ = found_.Number('j');
  }

  void ReadTime() {
    if (const auto hour = found_.Number('H')) civil_.hour = *hour;
    if (const auto hour = found_.Number('I')) {
      const bool afternoon = IndexOfName('p', found_.Found('p').value_or("am")) == 1;
      civil_.hour = *hour % 12 + (afternoon ? 12 : 0);
    }
    if (const auto minute = found_.Number('M')) civil_.minute = *minute;
    if (const auto second = found_.Number('S')) civil_.second = *second;
    if (const auto fraction = found_.Number('f')) {
      civil_.microsecond = *fraction;
      for (size_t digits = found_.Found('f')->size(); digits < 6; ++digits) {
        civil_.microsecond *= 10;
      }
    }
  }

  Status CheckWeeks() const {
    const bool iso_year = found_.Found('G').has_value(), iso_week = found_.Found('V').has_value();
    const bool week = found_.Found('U') || found_.Found('W');
    if (!year_ && iso_year) {
      if (!iso_week || !weekday_) {
        return PyError("ValueError", "%G must be used with %V and a weekday directive");
      }
      if (julian_) return PyError("ValueError", "%j is not compatible with %G");
    } else if (!week && iso_week) {
      return PyError("ValueError", "%V must be used with %G and a weekday directive");
    }
    return Status::Ok();
  }

  /// The day of the year that a week and a weekday are.
  int64_t JulianOfWeek(int64_t year, int64_t week, bool from_monday) const {
    int64_t first = PyWeekday(DaysSince1970(year, 1, 1)), weekday = *weekday_;
    if (!from_monday) {
      first = (first + 1) % 7;
      weekday = (weekday + 1) % 7;
    }
    if (week == 0) return 1 + weekday - first;
    return 1 + (7 - first) % 7 + 7 * (week - 1) + weekday;
  }

  Status SettleDate() {
    const bool leap_day = !year_ && civil_.month == 2 && civil_.day == 29;
    int64_t year = year_.value_or(leap_day ? 1904 : 1900);
    if (!julian_ && weekday_) {
      const auto sundays = found_.Number('U'), mondays = found_.Number('W');
      if (sundays || mondays) {
        julian_ = JulianOfWeek(year, mondays.value_or(sundays.value_or(0)), mondays.has_value());
      } else if (found_.Found('G') && found_.Found('V')) {
        year = *found_.Number('G');
        if (year < 1) return PyError("ValueError", "year 0 is out of range");
        const int64_t correction = PyWeekday(DaysSince1970(year, 1, 4)) + 1 + 3;
        julian_ = *found_.Number('V') * 7 + *weekday_ + 1 - correction;
      }
      if (julian_ && *julian_ <= 0) {
        --year;
        *julian_ += IsLeap(year) ? 366 : 365;
      }
    }
    if (julian_) {
      MR_ASSIGN_OR_RETURN(const int64_t first, PyDayOf(year, 1, 1));
      const PyCivilTime date =
          PyCivilTime::Of((first + *julian_ - 1) * static_cast<int64_t>(kPyMicrosPerDay));
      year = date.year;
      civil_.month = date.month;
      civil_.day = date.day;
    }
    civil_.year = leap_day ? 1900 : year;
    return Status::Ok();
  }

  Result<PyZone> ReadZone() const {
    const std::optional<std::string_view> found = found_.Found('z');
    if (!found) return PyZone{};
    if (*found == "Z") return kPyUtc;
    std::string digits;
    std::string_view rest = found->substr(1);
    const bool colons = rest[2] == ':';
    if (colons ? rest.size() > 5 && rest[5] != ':' : rest.size() > 4 && rest[4] == ':') {
      return PyError("ValueError", fmt::format("Inconsistent use of : in {}", *found));
    }
    for (const char c : rest) {
      if (IsDigit(c)) digits.push_back(c);
    }
    digits.resize(12, '0');  // hhmmssffffff
    const auto number = [&digits](size_t at, size_t size) {
      int64_t value = 0;
      for (const char c : std::string_view(digits).substr(at, size)) value = value * 10 + (c - '0');
      return value;
    };
    int64_t us = ((number(0, 2) * 60 + number(2, 2)) * 60 + number(4, 2)) * 1'000'000;
    us += number(6, 6);
    if (us >= static_cast<int64_t>(kPyMicrosPerDay)) {
      return PyError("ValueError", "offset must be strictly between 24 hours");
    }
    if (us == 0) return kPyUtc;
    return PyZone{PyZone::Class::kFixed, found->front() == '-' ? -us : us};
  }

  const Matcher& found_;
  PyCivilTime civil_;
  std::optional<int64_t> year_, weekday_, julian_;
};

/// Directives that stand for several.
constexpr std::pair<std::string_view, std::string_view> kCombined[] = {
    {"%c", "%a %b %d %H:%M:%S %Y"}, {"%x", "%m/%d/%y"}, {"%X", "%H:%M:%S"}};

/// Whether the format has a directive of kCombined; fails for unknown ones, and where Python's
/// regular expression can't have two groups of one name.
Result<bool> Check(std::string_view format) {
  bool combined = false;
  uint32_t seen = 0;
  for (size_t at = format.find('%'); at != format.npos; at = format.find('%', at + 2)) {
    if (at + 1 == format.size()) return PyError("ValueError", "stray % in format");
    const char directive = format[at + 1];
    const size_t place = kDirectives.find(directive);
    if (place != kDirectives.npos) {
      if ((seen >> place & 1) != 0) return PyError("error", "redefinition of group name");
      seen |= 1U << place;
    } else if (directive == 'c' || directive == 'x' || directive == 'X') {
      combined = true;
    } else if (directive != '%') {
      return PyError("ValueError", fmt::format("'{}' is a bad directive in format '{}'",
                                               format.substr(at + 1, 1), format));
    }
  }
  return combined;
}

std::string WithoutCombined(std::string_view format) {
  std::string expanded(format);
  for (const auto& [directive, meaning] : kCombined) {
    for (size_t at = expanded.find('%'); at != expanded.npos; at = expanded.find('%', at + 2)) {
      if (std::string_view(expanded).substr(at, 2) == directive) {
        expanded.replace(at, 2, meaning);
      }
    }
  }
  return expanded;
}

}  // namespace

Result<PyMoment> PyStrptime(std::string_view text, std::string_view format) {
  MR_ASSIGN_OR_RETURN(const bool combined, Check(format));
  if (combined) {
    const std::string expanded = WithoutCombined(format);
    return PyStrptime(text, expanded);
  }
  Matcher matcher(text, format);
  if (!matcher.Match(0, 0)) {
    return PyError("ValueError",
                   fmt::format("time data '{}' does not match format '{}'", text, format));
  }
  if (matcher.end() != text.size()) {
    return PyError("ValueError",
                   fmt::format("unconverted data remains: {}", text.substr(matcher.end())));
  }
  return Assembler(matcher).Assemble();
}

}  // namespace millrace
