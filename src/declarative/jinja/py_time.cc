#include "declarative/jinja/py_time.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>

#include "base/micros_per_day.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"

namespace millrace {
namespace {

namespace chrono = std::chrono;

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kDeltaDaysMax = 999'999'999;

constexpr int64_t DayNumber(int64_t year, int64_t month, int64_t day) {
  return chrono::sys_days(chrono::year(static_cast<int>(year)) /
                          chrono::month(static_cast<unsigned>(month)) /
                          chrono::day(static_cast<unsigned>(day)))
      .time_since_epoch()
      .count();
}
constexpr int64_t kFirstDay = DayNumber(1, 1, 1), kLastDay = DayNumber(9999, 12, 31);

chrono::year_month_day DateOfDay(int64_t day) {
  return chrono::year_month_day(chrono::sys_days(chrono::days(day)));
}

bool IsDay(int64_t day) { return day >= kFirstDay && day <= kLastDay; }
Status OutOfRange() { return PyError("OverflowError", "date value out of range"); }

Status CheckField(int64_t value, int64_t least, int64_t most, std::string_view name) {
  if (value >= least && value <= most) return Status::Ok();
  return PyError("ValueError", fmt::format("{} must be in {}..{}", name, least, most));
}

}  // namespace

Int128 FloorDivide(Int128 a, Int128 b) {
  return a / b - (a % b != 0 && (a % b < 0) != (b < 0) ? 1 : 0);
}

Result<PyMoment> PyMoment::In(PyZone other) const {
  const PyMoment moment{utc_us() + other.offset_us, other};
  if (!IsDay(PyDayOf(moment.local_us))) return OutOfRange();
  return moment;
}

PyCivilTime PyCivilTime::Of(int64_t local_us) {
  const int64_t day = PyDayOf(local_us);
  const chrono::year_month_day date = DateOfDay(day);
  const int64_t us = local_us - day * kMicrosPerDay, seconds = us / kMicrosPerSecond;
  return {static_cast<int>(date.year()),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          seconds / 3600,
          seconds / 60 % 60,
          seconds % 60,
          us % kMicrosPerSecond};
}

Result<int64_t> PyCivilTime::LocalMicros() const {
  MR_ASSIGN_OR_RETURN(const int64_t days, PyDayOf(year, month, day));
  MR_RETURN_IF_ERROR(CheckField(hour, 0, 23, "hour"));
  MR_RETURN_IF_ERROR(CheckField(minute, 0, 59, "minute"));
  MR_RETURN_IF_ERROR(CheckField(second, 0, 59, "second"));
  MR_RETURN_IF_ERROR(CheckField(microsecond, 0, 999'999, "microsecond"));
  return days * kMicrosPerDay + ((hour * 60 + minute) * 60 + second) * kMicrosPerSecond +
         microsecond;
}

int64_t PyDayOf(int64_t local_us) {
  return local_us / kMicrosPerDay - (local_us % kMicrosPerDay < 0 ? 1 : 0);
}

Result<int64_t> PyDayOf(int64_t year, int64_t month, int64_t day) {
  if (year < 1 || year > 9999) {
    return PyError("ValueError", fmt::format("year {} is out of range", year));
  }
  MR_RETURN_IF_ERROR(CheckField(month, 1, 12, "month"));
  if (day < 1 || day > PyDaysInMonth(year, month)) {
    return PyError("ValueError", "day is out of range for month");
  }
  return DayNumber(year, month, day);
}

int PyWeekday(int64_t day) {
  const int64_t weekday = (day + 3) % 7;  // 1970-01-01 was a Thursday
  return static_cast<int>(weekday < 0 ? weekday + 7 : weekday);
}

int64_t PyDayOfYear(int64_t day) {
  return day - DayNumber(static_cast<int>(DateOfDay(day).year()), 1, 1) + 1;
}

PyIsoWeek PyIsoWeekOf(int64_t day) {
  const int64_t weekday = PyWeekday(day);
  const int64_t thursday = day - weekday + 3;
  const int64_t year = static_cast<int>(DateOfDay(thursday).year());
  return {year, (PyDayOfYear(thursday) - 1) / 7 + 1, weekday + 1};
}

int64_t PyDaysInMonth(int64_t year, int64_t month) {
  const auto last = chrono::year(static_cast<int>(year)) /
                    chrono::month(static_cast<unsigned>(month)) / chrono::last;
  return static_cast<unsigned>(last.day());
}

Result<PyValue> PyDateTime::Make(PyMoment moment) {
  if (!IsDay(PyDayOf(moment.local_us))) return OutOfRange();
  return PyValue::Of(PyValue::Kind::kDateTime, new PyDateTime(moment));
}

PyValue PyDateTime::Now(const Clock& clock, PyZone zone) {
  const int64_t utc_us = clock.WallNow().time_since_epoch().count();
  return PyValue::Of(PyValue::Kind::kDateTime, new PyDateTime({utc_us + zone.offset_us, zone}));
}

Result<PyValue> PyDate::Make(int64_t day) {
  if (!IsDay(day)) return OutOfRange();
  return PyValue::Of(PyValue::Kind::kDate, new PyDate(day));
}

namespace {
Status CheckDelta(Int128 us) {
  const Int128 days = FloorDivide(us, kPyMicrosPerDay);
  if (days >= -kDeltaDaysMax && days <= kDeltaDaysMax) return Status::Ok();
  return PyError("OverflowError", "a timedelta has at most 999999999 days");
}
}  // namespace

Result<PyValue> PyTimeDelta::Make(Int128 us) {
  MR_RETURN_IF_ERROR(CheckDelta(us));
  return PyValue::Of(PyValue::Kind::kTimeDelta, new PyTimeDelta(us));
}

Result<PyValue> PyDuration::Make(double years, double months, Int128 us) {
  MR_RETURN_IF_ERROR(CheckDelta(us));
  return PyValue::Of(PyValue::Kind::kDuration, new PyDuration(years, months, us));
}

Status PyTimeDeltaSum::Add(const PyValue& number, int64_t unit_us) {
  if (!PyIsNumber(number)) return PyError("TypeError", "a timedelta is made of numbers");
  const double value = number.is_float() ? number.as_float() : PyIntToDouble(number);
  if (std::isnan(value)) return PyError("ValueError", "cannot convert float NaN to integer");
  if (std::abs(value) > 1e18) {
    return PyError("OverflowError", "Python int too large to convert to C int");
  }
  if (!number.is_float()) {
    whole_ += Int128{number.as_int()} * unit_us;
    return Status::Ok();
  }
  double whole = 0;
  const double fraction = std::modf(value, &whole);
  whole_ += Int128{static_cast<int64_t>(whole)} * unit_us;
  left_ += std::modf(fraction * static_cast<double>(unit_us), &whole);
  whole_ += static_cast<int64_t>(whole);
  return Status::Ok();
}

Result<Int128> PyTimeDeltaSum::Total() const {
  double rounded = std::round(left_);
  if (std::abs(rounded - left_) == 0.5) {
    const double odd = whole_ % 2 != 0 ? 1 : 0;
    rounded = 2.0 * std::round((left_ + odd) * 0.5) - odd;
  }
  const Int128 total = whole_ + static_cast<int64_t>(rounded);
  MR_RETURN_IF_ERROR(CheckDelta(total));
  return total;
}

std::tm PyCivilTime::Tm() const {
  std::tm time{};
  time.tm_year = static_cast<int>(year - 1900);
  time.tm_mon = static_cast<int>(month - 1);
  time.tm_mday = static_cast<int>(day);
  time.tm_hour = static_cast<int>(hour);
  time.tm_min = static_cast<int>(minute);
  time.tm_sec = static_cast<int>(second);
  time.tm_isdst = -1;
  return time;
}

double PyTimestamp(const PyMoment& moment) {
  if (!moment.zone.naive()) {
    return static_cast<double>(static_cast<long double>(moment.utc_us()) / 1e6L);
  }
  const PyCivilTime civil = PyCivilTime::Of(moment.local_us);
  std::tm time = civil.Tm();
  return static_cast<double>(std::mktime(&time)) + static_cast<double>(civil.microsecond) / 1e6;
}

Result<PyMoment> PyFromTimestamp(const PyValue& seconds) {
  constexpr double kSecondsMax = 1e15;
  const double value = seconds.is_float() ? seconds.as_float() : PyIntToDouble(seconds);
  if (std::isnan(value)) return PyError("ValueError", "Invalid value NaN (not a number)");
  if (std::abs(value) > kSecondsMax) {
    return PyError("OverflowError", "timestamp out of range for platform time_t");
  }
  int64_t us = 0;
  if (seconds.is_float()) {
    double whole = 0;
    const double fraction = std::modf(value, &whole);
    us = static_cast<int64_t>(whole) * kMicrosPerSecond +
         static_cast<int64_t>(std::nearbyint(fraction * 1e6));  // half to even
  } else {
    us = seconds.as_int() * kMicrosPerSecond;
  }
  if (!IsDay(PyDayOf(us))) {
    const auto year = static_cast<int>(std::clamp(value / 31556952 + 1970, -1e9, 1e9));
    return PyError("ValueError", fmt::format("year {} is out of range", year));
  }
  return PyMoment{us, kPyUtc};
}

std::string PyIsoDate(int64_t day) {
  const chrono::year_month_day date = DateOfDay(day);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

std::string PyIsoText(const PyMoment& moment, char separator) {
  const PyCivilTime civil = PyCivilTime::Of(moment.local_us);
  std::string text = fmt::format("{:04}-{:02}-{:02}{}{:02}:{:02}:{:02}", civil.year, civil.month,
                                 civil.day, separator, civil.hour, civil.minute, civil.second);
  if (civil.microsecond != 0) text += fmt::format(".{:06}", civil.microsecond);
  return text + PyOffsetText(moment.zone);
}

std::string PyOffsetText(PyZone zone, bool colons) {
  if (zone.naive()) return {};
  const int64_t us = std::abs(zone.offset_us), seconds = us / kMicrosPerSecond;
  const std::string_view colon = colons ? ":" : "";
  std::string text = fmt::format("{}{:02}{}{:02}", zone.offset_us < 0 ? '-' : '+', seconds / 3600,
                                 colon, seconds / 60 % 60);
  if (us % (60 * kMicrosPerSecond) != 0) text += fmt::format("{}{:02}", colon, seconds % 60);
  if (us % kMicrosPerSecond != 0) text += fmt::format(".{:06}", us % kMicrosPerSecond);
  return text;
}

std::string PyZoneName(PyZone zone) {
  switch (zone.zone_class) {
    case PyZone::Class::kNaive:
    case PyZone::Class::kDateutilOffset:
      return {};
    case PyZone::Class::kFixed:
      return "UTC" + PyOffsetText(zone);
    default:
      return "UTC";
  }
}

}  // namespace millrace
