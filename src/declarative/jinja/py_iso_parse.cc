#include <fmt/format.h>

#include <algorithm>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_iso_time.h"
#include "formats/digit_run.h"

namespace millrace {
namespace {

constexpr int64_t kSecond = 1'000'000;

Status Refused(std::string_view what) { return PyError("ValueError", what); }

/// int() of a few bytes: spaces around, a sign and underscores are allowed there, too.
Result<int64_t> Number(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\n\r\f\v");
  if (first == text.npos) return Refused("invalid literal for int() with base 10");
  std::string_view digits = text.substr(first, text.find_last_not_of(" \t\n\r\f\v") - first + 1);
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  int64_t value = 0;
  bool after_digit = false;
  for (const char c : digits) {
    if (!IsDigit(c) && !(c == '_' && after_digit)) {
      return Refused("invalid literal for int() with base 10");
    }
    after_digit = IsDigit(c);
    if (after_digit) value = value * 10 + (c - '0');
  }
  if (!after_digit) return Refused("invalid literal for int() with base 10");
  return negative ? -value : value;
}

struct IsoDate {
  int64_t year = 1, month = 1, day = 1;
  size_t end = 0;
};

/// YYYY, YYYY-MM, YYYYMMDD, YYYY-MM-DD.
Result<IsoDate> ReadCommonDate(std::string_view text) {
  IsoDate date;
  if (text.size() < 4) return Refused("ISO string too short");
  MR_ASSIGN_OR_RETURN(date.year, Number(text.substr(0, 4)));
  date.end = 4;
  if (text.size() == 4) return date;
  const size_t separator = text[4] == '-' ? 1 : 0;
  size_t at = 4 + separator;
  if (text.size() - at < 2) return Refused("Invalid common month");
  MR_ASSIGN_OR_RETURN(date.month, Number(text.substr(at, 2)));
  at += 2;
  date.end = at;
  if (at == text.size()) {
    if (separator != 0) return date;
    return Refused("Invalid ISO format");
  }
  if (separator != 0 && text[at] != '-') return Refused("Invalid separator in ISO string");
  at += separator;
  if (text.size() - at < 2) return Refused("Invalid common day");
  MR_ASSIGN_OR_RETURN(date.day, Number(text.substr(at, 2)));
  date.end = at + 2;
  return date;
}

Result<IsoDate> DateOfDay(int64_t day, size_t end) {
  const PyCivilTime civil = PyCivilTime::Of(day * static_cast<int64_t>(kPyMicrosPerDay));
  if (civil.year < 1 || civil.year > 9999) {
    return PyError("OverflowError", "date value out of range");
  }
  return IsoDate{civil.year, civil.month, civil.day, end};
}

/// YYYY-Www-D, YYYYWww, YYYY-DDD, YYYYDDD.
Result<IsoDate> ReadUncommonDate(std::string_view text) {
  if (text.size() < 4) return Refused("ISO string too short");
  MR_ASSIGN_OR_RETURN(const int64_t year, Number(text.substr(0, 4)));
  const size_t separator = text.substr(4).starts_with('-') ? 1 : 0;
  size_t at = 4 + separator;
  if (text.substr(at).starts_with('W')) {
    MR_ASSIGN_OR_RETURN(const int64_t week, Number(text.substr(std::min(at + 1, text.size()), 2)));
    at += 3;
    int64_t weekday = 1;
    if (text.size() > at) {
      if ((text[at] == '-') != (separator != 0)) {
        return Refused("Inconsistent use of dash separator");
      }
      at += separator;
      MR_ASSIGN_OR_RETURN(weekday, Number(text.substr(std::min(at, text.size()), 1)));
      ++at;
    }
    if (week < 1 || week > 53) return Refused(fmt::format("Invalid week: {}", week));
    if (weekday < 1 || weekday > 7) return Refused(fmt::format("Invalid weekday: {}", weekday));
    MR_ASSIGN_OR_RETURN(const int64_t fourth, PyDayOf(year, 1, 4));
    return DateOfDay(fourth - PyWeekday(fourth) + (week - 1) * 7 + weekday - 1, at);
  }
  if (text.size() < at + 3) return Refused("Invalid ordinal day");
  MR_ASSIGN_OR_RETURN(const int64_t ordinal, Number(text.substr(at, 3)));
  if (ordinal < 1 || ordinal > 337 + PyDaysInMonth(year, 2)) {
    return Refused(fmt::format("Invalid ordinal day {} for year {}", ordinal, year));
  }
  MR_ASSIGN_OR_RETURN(const int64_t first, PyDayOf(year, 1, 1));
  return DateOfDay(first + ordinal - 1, at + 3);
}

Result<PyZone> ReadZone(std::string_view text) {
  if (text == "Z" || text == "z") return PyZone{PyZone::Class::kDateutilUtc, 0};
  if (text.size() != 3 && text.size() != 5 && text.size() != 6) {
    return Refused("Time zone offset must be 1, 3, 5 or 6 characters");
  }
  if (text[0] != '-' && text[0] != '+') return Refused("Time zone offset requires sign");
  MR_ASSIGN_OR_RETURN(const int64_t hours, Number(text.substr(1, 2)));
  int64_t minutes = 0;
  if (text.size() > 3) {
    MR_ASSIGN_OR_RETURN(minutes, Number(text.substr(text[3] == ':' ? 4 : 3)));
  }
  if (hours == 0 && minutes == 0) return PyZone{PyZone::Class::kDateutilUtc, 0};
  if (minutes > 59) return Refused("Invalid minutes in time zone offset");
  if (hours > 23) return Refused("Invalid hours in time zone offset");
  const int64_t us = (hours * 60 + minutes) * 60 * kSecond;
  return PyZone{PyZone::Class::kDateutilOffset, text[0] == '-' ? -us : us};
}

struct IsoTime {
  int64_t parts[4] = {};  // hour, minute, second, microsecond
  PyZone zone;
};

Result<IsoTime> ReadTime(std::string_view text) {
  IsoTime time;
  if (text.size() < 2) return Refused("ISO time too short");
  bool colons = false;
  size_t at = 0;
  for (int part = 0; at < text.size() && part < 6; ++part) {
    if (std::string_view("-+Zz").find(text[at]) != std::string_view::npos) {
      MR_ASSIGN_OR_RETURN(time.zone, ReadZone(text.substr(at)));
      at = text.size();
      break;
    }
    if (part == 1 && text[at] == ':') {
      colons = true;
      ++at;
    } else if (part == 2 && colons) {
      if (text[at] != ':') return Refused("Inconsistent use of colon separator");
      ++at;
    }
    if (part < 3) {
      MR_ASSIGN_OR_RETURN(time.parts[part], Number(text.substr(std::min(at, text.size()), 2)));
      at += 2;
    } else if (part == 3 && (text[at] == '.' || text[at] == ',')) {
      size_t end = at + 1;
      while (end < text.size() && IsDigit(text[end])) ++end;
      if (end == at + 1) continue;
      for (size_t digit = at + 1; digit <= at + 6; ++digit) {
        time.parts[3] = time.parts[3] * 10 + (digit < end ? text[digit] - '0' : 0);
      }
      at = end;
    }
  }
  if (at < text.size()) return Refused("Unused components in ISO string");
  if (time.parts[0] == 24 && (time.parts[1] != 0 || time.parts[2] != 0 || time.parts[3] != 0)) {
    return Refused("Hour may only be 24 at 24:00:00.000");
  }
  return time;
}

}  // namespace

Result<PyMoment> PyIsoParse(std::string_view text) {
  const bool ascii = std::all_of(text.begin(), text.end(),
                                 [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (!ascii) return Refused("ISO-8601 strings should contain only ASCII characters");
  Result<IsoDate> read = ReadCommonDate(text);
  if (!read.ok()) read = ReadUncommonDate(text);
  MR_ASSIGN_OR_RETURN(const IsoDate date, std::move(read));
  IsoTime time;
  if (text.size() > date.end) {
    MR_ASSIGN_OR_RETURN(time, ReadTime(text.substr(date.end + 1)));
  }
  const bool midnight = time.parts[0] == 24;
  PyCivilTime civil{date.year,     date.month,    date.day,     midnight ? 0 : time.parts[0],
                    time.parts[1], time.parts[2], time.parts[3]};
  MR_ASSIGN_OR_RETURN(int64_t local_us, civil.LocalMicros());
  if (midnight) local_us += static_cast<int64_t>(kPyMicrosPerDay);
  return PyMoment{local_us, time.zone}.In(time.zone);  // if there is such a year
}

}  // namespace millrace
