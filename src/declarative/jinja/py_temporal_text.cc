#include <fmt/format.h>

#include "declarative/jinja/py_temporal.h"
#include "declarative/jinja/py_time.h"

namespace millrace {
namespace {

using Kind = PyValue::Kind;

struct DeltaParts {
  int64_t days, seconds, microseconds;
};

DeltaParts PartsOf(Int128 us) {
  const Int128 days = FloorDivide(us, kPyMicrosPerDay);
  const auto rest = static_cast<int64_t>(us - days * kPyMicrosPerDay);
  return {static_cast<int64_t>(days), rest / 1'000'000, rest % 1'000'000};
}

std::string DeltaRepr(Int128 us) {
  const DeltaParts parts = PartsOf(us);
  std::string text;
  const auto add = [&text](std::string_view name, int64_t value) {
    if (value != 0) text += fmt::format("{}{}={}", text.empty() ? "" : ", ", name, value);
  };
  add("days", parts.days);
  add("seconds", parts.seconds);
  add("microseconds", parts.microseconds);
  return fmt::format("datetime.timedelta({})", text.empty() ? "0" : text);
}

std::string DeltaStr(Int128 us) {
  const DeltaParts parts = PartsOf(us);
  std::string text;
  if (parts.days != 0) {
    text = fmt::format("{} day{}, ", parts.days, parts.days == 1 || parts.days == -1 ? "" : "s");
  }
  text += fmt::format("{}:{:02}:{:02}", parts.seconds / 3600, parts.seconds / 60 % 60,
                      parts.seconds % 60);
  if (parts.microseconds != 0) text += fmt::format(".{:06}", parts.microseconds);
  return text;
}

std::string ZoneRepr(PyZone zone) {
  switch (zone.zone_class) {
    case PyZone::Class::kNaive:
      return "None";
    case PyZone::Class::kUtc:
      return "datetime.timezone.utc";
    case PyZone::Class::kFixed:
      return fmt::format("datetime.timezone({})", DeltaRepr(zone.offset_us));
    case PyZone::Class::kPytzUtc:
      return "<UTC>";
    case PyZone::Class::kDateutilUtc:
      return "tzutc()";
    case PyZone::Class::kDateutilOffset:
      return fmt::format("tzoffset(None, {})", zone.offset_us / 1'000'000);
  }
  return "None";
}

std::string MomentRepr(const PyMoment& moment) {
  const PyCivilTime civil = PyCivilTime::Of(moment.local_us);
  std::string text = fmt::format("datetime.datetime({}, {}, {}, {}, {}", civil.year, civil.month,
                                 civil.day, civil.hour, civil.minute);
  if (civil.second != 0 || civil.microsecond != 0) text += fmt::format(", {}", civil.second);
  if (civil.microsecond != 0) text += fmt::format(", {}", civil.microsecond);
  if (!moment.zone.naive()) text += fmt::format(", tzinfo={}", ZoneRepr(moment.zone));
  return text + ")";
}

std::string DurationRepr(const PyDuration& duration) {
  const DeltaParts parts = PartsOf(duration.us);
  return fmt::format("isodate.duration.Duration({}, {}, {}, years={}, months={})", parts.days,
                     parts.seconds, parts.microseconds, static_cast<int64_t>(duration.years),
                     static_cast<int64_t>(duration.months));
}

std::string DurationStr(const PyDuration& duration) {
  std::string text;
  if (duration.years != 0) {
    text += fmt::format("{} years, ", static_cast<int64_t>(duration.years));
  }
  if (duration.months != 0) {
    text += fmt::format("{} month{}, ", static_cast<int64_t>(duration.months),
                        duration.months <= 1 ? "" : "s");
  }
  return text + DeltaStr(duration.us);
}

}  // namespace

std::string TemporalRepr(const PyValue& value) {
  switch (value.kind()) {
    case Kind::kDateTime:
      return MomentRepr(MomentOf(value));
    case Kind::kDate: {
      const PyCivilTime date = PyCivilTime::Of(DateOf(value) * int64_t{kPyMicrosPerDay});
      return fmt::format("datetime.date({}, {}, {})", date.year, date.month, date.day);
    }
    case Kind::kTimeDelta:
      return DeltaRepr(DeltaOf(value));
    default:
      return DurationRepr(DurationOf(value));
  }
}

std::string TemporalStr(const PyValue& value) {
  switch (value.kind()) {
    case Kind::kDateTime:
      return PyIsoText(MomentOf(value), ' ');
    case Kind::kDate:
      return PyIsoDate(DateOf(value));
    case Kind::kTimeDelta:
      return DeltaStr(DeltaOf(value));
    default:
      return DurationStr(DurationOf(value));
  }
}

}  // namespace millrace
