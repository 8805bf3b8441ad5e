#pragma once

#include <cstdint>
#include <ctime>
#include <string>

#include "base/clock.h"
#include "base/hash.h"
#include "base/result.h"
#include "declarative/jinja/py_value.h"

namespace millrace {

// Python's datetime, date, timedelta and isodate's Duration as values. Time zones are offsets:
// named ones only matter to macros that read a clock.

/// Of which Python class a datetime's tzinfo is: repr() and %Z show it.
struct PyZone {
  enum class Class : uint8_t { kNaive, kUtc, kFixed, kPytzUtc, kDateutilUtc, kDateutilOffset };
  Class zone_class = Class::kNaive;
  int64_t offset_us = 0;

  bool naive() const { return zone_class == Class::kNaive; }
};
inline constexpr PyZone kPyUtc{PyZone::Class::kUtc, 0};
inline constexpr PyZone kPytzUtc{PyZone::Class::kPytzUtc, 0};

/// What a datetime is: wall time since 1970-01-01 in its zone; years 1 to 9999.
struct PyMoment {
  int64_t local_us = 0;
  PyZone zone;

  int64_t utc_us() const { return local_us - zone.offset_us; }
  /// The same moment in another zone. An OverflowError beyond the years.
  Result<PyMoment> In(PyZone other) const;
};

/// The fields of wall time.
struct PyCivilTime {
  int64_t year = 1900;
  int64_t month = 1, day = 1, hour = 0, minute = 0, second = 0, microsecond = 0;

  static PyCivilTime Of(int64_t local_us);
  /// A ValueError ("month must be in 1..12") when it's no time.
  Result<int64_t> LocalMicros() const;
  /// Without a day of the week, a day of the year, or a word on summer time.
  std::tm Tm() const;
};

// Days are counted from 1970-01-01.
int64_t PyDayOf(int64_t local_us);
/// A ValueError when there is no such day, or no such year.
Result<int64_t> PyDayOf(int64_t year, int64_t month, int64_t day);
int PyWeekday(int64_t day);  ///< Monday is 0
int64_t PyDayOfYear(int64_t day);
struct PyIsoWeek {
  int64_t year, week, weekday;  ///< Monday is 1
};
PyIsoWeek PyIsoWeekOf(int64_t day);
int64_t PyDaysInMonth(int64_t year, int64_t month);

class PyDateTime final : public PyObject {
 public:
  explicit PyDateTime(PyMoment moment) : moment(moment) {}
  /// An OverflowError beyond the years 1 to 9999.
  static Result<PyValue> Make(PyMoment moment);
  static PyValue Now(const Clock& clock, PyZone zone);

  const PyMoment moment;
};

class PyDate final : public PyObject {
 public:
  explicit PyDate(int64_t day) : day(day) {}
  static Result<PyValue> Make(int64_t day);

  const int64_t day;
};

class PyTimeDelta final : public PyObject {
 public:
  explicit PyTimeDelta(Int128 us) : us(us) {}
  /// An OverflowError beyond 999,999,999 days.
  static Result<PyValue> Make(Int128 us);

  const Int128 us;
};

class PyDuration final : public PyObject {
 public:
  PyDuration(double years, double months, Int128 us) : years(years), months(months), us(us) {}
  static Result<PyValue> Make(double years, double months, Int128 us);

  const double years, months;
  const Int128 us;
};

// Each requires the kind it is named after.
inline const PyMoment& MomentOf(const PyValue& value) {
  return static_cast<const PyDateTime*>(value.object())->moment;
}
inline int64_t DateOf(const PyValue& value) {
  return static_cast<const PyDate*>(value.object())->day;
}
inline Int128 DeltaOf(const PyValue& value) {
  return static_cast<const PyTimeDelta*>(value.object())->us;
}
inline const PyDuration& DurationOf(const PyValue& value) {
  return *static_cast<const PyDuration*>(value.object());
}

inline constexpr Int128 kPyMicrosPerDay = 86'400'000'000;
Int128 FloorDivide(Int128 a, Int128 b);

/// Adds up what timedelta(days=…, hours=…) is given, with Python's rounding. In the order
/// microseconds, milliseconds, seconds, minutes, hours, days, weeks.
class PyTimeDeltaSum {
 public:
  /// `number` is a bool, int or float. An OverflowError or ValueError: it's infinite or no number.
  Status Add(const PyValue& number, int64_t unit_us);
  Result<Int128> Total() const;

 private:
  Int128 whole_ = 0;
  double left_ = 0;
};

/// datetime.timestamp(): naive times are the machine's local ones.
double PyTimestamp(const PyMoment& moment);
/// datetime.fromtimestamp(seconds, timezone.utc) of an int or float.
Result<PyMoment> PyFromTimestamp(const PyValue& seconds);
/// isoformat(): "2024-02-29T12:30:45.123456+00:00".
std::string PyIsoText(const PyMoment& moment, char separator = 'T');
std::string PyIsoDate(int64_t day);
/// "+02:00", "-05:30:15"; empty when naive.
std::string PyOffsetText(PyZone zone, bool colons = true);
/// tzname(); empty where Python gives None.
std::string PyZoneName(PyZone zone);

}  // namespace millrace
