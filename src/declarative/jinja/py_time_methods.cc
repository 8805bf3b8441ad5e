#include <fmt/format.h>

#include "declarative/jinja/py_bound_arguments.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_function_table.h"
#include "declarative/jinja/py_iso_time.h"
#include "declarative/jinja/py_number_text.h"
#include "declarative/jinja/py_opaque.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_strftime.h"
#include "declarative/jinja/py_strptime.h"
#include "declarative/jinja/py_time.h"

namespace millrace {
namespace {

using Kind = PyValue::Kind;

/// The receiver as a moment; a date is its midnight.
PyMoment MomentOrMidnight(const PyValue& value) {
  if (value.kind() == Kind::kDateTime) return MomentOf(value);
  return {DateOf(value) * static_cast<int64_t>(kPyMicrosPerDay), {}};
}

/// datetime.time(): prints as its ISO text.
class TimeObject final : public PyOpaque {
 public:
  explicit TimeObject(PyMoment moment) : moment_(moment) {}
  std::string_view type_name() const override { return "time"; }
  std::string Repr() const override { return PyIsoText(moment_).substr(11); }
  PyValue Attribute(std::string_view name) const override {
    const PyValue time = PyValue::Of(Kind::kDateTime, new PyDateTime(moment_));
    static constexpr std::string_view kShared[] = {"hour", "minute", "second", "microsecond"};
    for (const std::string_view shared : kShared) {
      if (shared == name) return PyAttribute(time, name);
    }
    if (name == "isoformat") {
      return PyBoundMethod(
          PyValue(Repr()),
          [](EvaluationBudget&, const PyArguments& arguments) -> Result<PyValue> {
            return arguments.positional[0];
          },
          name);
    }
    if (name != "strftime") return PyValue::Undefined();
    return PyBoundMethod(time, FindPyMethod(Kind::kDateTime, "strftime"), name);
  }

 private:
  const PyMoment moment_;  // on 1900-01-01
};

/// Methods without arguments.
Status NoArguments(std::string_view method, const PyArguments& arguments) {
  return PyBoundArguments::Bind(method, arguments, {""}, 1).status();
}

Result<PyValue> Strftime(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("strftime", arguments, {"", "format"}, 2));
  MR_ASSIGN_OR_RETURN(const std::string_view format, args.Text(1));
  MR_RETURN_IF_ERROR(ChargeText(budget, 300 * format.size()));
  return PyValue(PyStrftime(MomentOrMidnight(args.At(0)), format));
}

/// isoformat's `timespec`; null when there is none such.
Result<PyValue> IsoWithSpec(const PyMoment& moment, char separator, std::string_view spec) {
  static constexpr std::pair<std::string_view, std::string_view> kSpecs[] = {
      {"hours", "%H"},
      {"minutes", "%H:%M"},
      {"seconds", "%H:%M:%S"},
      {"milliseconds", "%H:%M:%S."},
      {"microseconds", "%H:%M:%S.%f"}};
  if (spec == "auto") return PyValue(PyIsoText(moment, separator));
  for (const auto& [name, format] : kSpecs) {
    if (name != spec) continue;
    std::string text = PyIsoDate(PyDayOf(moment.local_us)) + separator + PyStrftime(moment, format);
    if (name == "milliseconds") {
      text += fmt::format("{:03}", PyCivilTime::Of(moment.local_us).microsecond / 1000);
    }
    return PyValue(text + PyOffsetText(moment.zone));
  }
  return PyError("ValueError", "Unknown timespec value");
}

Result<PyValue> IsoFormat(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("isoformat", arguments, {"", "sep", "timespec"}, 1));
  MR_ASSIGN_OR_RETURN(const std::string_view separator, args.Text(1, "T"));
  MR_ASSIGN_OR_RETURN(const std::string_view spec, args.Text(2, "auto"));
  if (separator.size() != 1) {
    return PyError("TypeError", "isoformat() argument 1 must be a unicode character");
  }
  return IsoWithSpec(MomentOf(args.At(0)), separator[0], spec);
}
Result<PyValue> IsoDateFormat(EvaluationBudget&, const PyArguments& arguments) {
  MR_RETURN_IF_ERROR(NoArguments("isoformat", arguments));
  return PyValue(PyIsoDate(DateOf(arguments.positional[0])));
}

Result<PyValue> TimestampMethod(EvaluationBudget&, const PyArguments& arguments) {
  MR_RETURN_IF_ERROR(NoArguments("timestamp", arguments));
  return PyValue(PyTimestamp(MomentOf(arguments.positional[0])));
}

Result<PyValue> DateMethod(EvaluationBudget&, const PyArguments& arguments) {
  MR_RETURN_IF_ERROR(NoArguments("date", arguments));
  return PyDate::Make(PyDayOf(MomentOf(arguments.positional[0]).local_us));
}

Result<PyValue> TimeMethod(EvaluationBudget&, const PyArguments& arguments) {
  MR_RETURN_IF_ERROR(NoArguments("time", arguments));
  PyCivilTime civil = PyCivilTime::Of(MomentOf(arguments.positional[0]).local_us);
  civil.year = 1900;
  civil.month = civil.day = 1;
  MR_ASSIGN_OR_RETURN(const int64_t local_us, civil.LocalMicros());
  return PyValue::Of(Kind::kObject, new TimeObject({local_us, {}}));
}

int64_t DayOfReceiver(const PyArguments& arguments) {
  return PyDayOf(MomentOrMidnight(arguments.positional[0]).local_us);
}

Result<PyValue> Weekday(EvaluationBudget&, const PyArguments& arguments) {
  MR_RETURN_IF_ERROR(NoArguments("weekday", arguments));
  return PyValue(PyWeekday(DayOfReceiver(arguments)));
}
Result<PyValue> IsoWeekday(EvaluationBudget&, const PyArguments& arguments) {
  MR_RETURN_IF_ERROR(NoArguments("isoweekday", arguments));
  return PyValue(PyWeekday(DayOfReceiver(arguments)) + 1);
}
Result<PyValue> IsoCalendar(EvaluationBudget&, const PyArguments& arguments) {
  MR_RETURN_IF_ERROR(NoArguments("isocalendar", arguments));
  const PyIsoWeek week = PyIsoWeekOf(DayOfReceiver(arguments));
  return PyValue::Tuple({PyValue(week.year), PyValue(week.week), PyValue(week.weekday)});
}
Result<PyValue> ToOrdinal(EvaluationBudget&, const PyArguments& arguments) {
  MR_RETURN_IF_ERROR(NoArguments("toordinal", arguments));
  constexpr int64_t kOrdinalOf1970 = 719'163;
  return PyValue(DayOfReceiver(arguments) + kOrdinalOf1970);
}
Result<PyValue> Ctime(EvaluationBudget&, const PyArguments& arguments) {
  MR_RETURN_IF_ERROR(NoArguments("ctime", arguments));
  return PyValue(PyStrftime(MomentOrMidnight(arguments.positional[0]), "%a %b %e %H:%M:%S %Y"));
}

Result<PyValue> Replace(EvaluationBudget&, const PyArguments& arguments) {
  const PyValue& receiver = arguments.positional[0];
  const bool date = receiver.kind() == Kind::kDate;
  MR_ASSIGN_OR_RETURN(
      const PyBoundArguments args,
      date ? PyBoundArguments::Bind("replace", arguments, {"", "year", "month", "day"}, 1)
           : PyBoundArguments::Bind(
                 "replace", arguments,
                 {"", "year", "month", "day", "hour", "minute", "second", "microsecond", "tzinfo"},
                 1));
  PyMoment moment = MomentOrMidnight(receiver);
  PyCivilTime civil = PyCivilTime::Of(moment.local_us);
  int64_t* const fields[] = {&civil.year,   &civil.month,  &civil.day,        &civil.hour,
                             &civil.minute, &civil.second, &civil.microsecond};
  for (size_t i = 0; i < std::size(fields); ++i) {
    MR_ASSIGN_OR_RETURN(*fields[i], args.Integer(i + 1, *fields[i]));
  }
  if (args[8] != nullptr) {
    if (!args.IsNone(8)) return PyError("TypeError", "tzinfo argument must be None or of a tzinfo");
    moment.zone = {};
  }
  MR_ASSIGN_OR_RETURN(moment.local_us, civil.LocalMicros());
  return date ? PyDate::Make(PyDayOf(moment.local_us)) : PyDateTime::Make(moment);
}

/// Without an argument: the machine's zone, which is taken for UTC.
Result<PyValue> AsTimezone(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("astimezone", arguments, {"", "tz"}, 1));
  if (!args.IsNone(1) && PyTypeName(args.At(1)) != "timezone") {
    return PyError("TypeError", "tz argument must be an instance of tzinfo");
  }
  MR_ASSIGN_OR_RETURN(const PyMoment moment, MomentOf(args.At(0)).In(kPyUtc));
  return PyDateTime::Make(moment);
}

Result<PyValue> UtcOffset(EvaluationBudget&, const PyArguments& arguments) {
  MR_RETURN_IF_ERROR(NoArguments("utcoffset", arguments));
  const PyZone zone = MomentOf(arguments.positional[0]).zone;
  if (zone.naive()) return PyValue();
  return PyTimeDelta::Make(zone.offset_us);
}
Result<PyValue> TzName(EvaluationBudget&, const PyArguments& arguments) {
  MR_RETURN_IF_ERROR(NoArguments("tzname", arguments));
  const std::string name = PyZoneName(MomentOf(arguments.positional[0]).zone);
  return name.empty() ? PyValue() : PyValue(name);
}

// Class methods, which an instance has as well.

Result<PyValue> StrptimeMethod(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("strptime", arguments, {"", "", ""}, 3));
  MR_ASSIGN_OR_RETURN(const std::string_view text, args.Text(1));
  MR_ASSIGN_OR_RETURN(const std::string_view format, args.Text(2));
  MR_ASSIGN_OR_RETURN(const PyMoment moment, PyStrptime(text, format));
  return PyDateTime::Make(moment);
}
Result<PyValue> FromIsoFormat(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("fromisoformat", arguments, {"", ""}, 2));
  MR_ASSIGN_OR_RETURN(const std::string_view text, args.Text(1));
  MR_ASSIGN_OR_RETURN(PyMoment moment, PyIsoParse(text));
  if (args.At(0).kind() == Kind::kDate) return PyDate::Make(PyDayOf(moment.local_us));
  if (!moment.zone.naive()) {
    moment.zone.zone_class =
        moment.zone.offset_us == 0 ? PyZone::Class::kUtc : PyZone::Class::kFixed;
  }
  return PyDateTime::Make(moment);
}
Result<PyValue> FromTimestamp(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(
      const PyBoundArguments args,
      PyBoundArguments::Bind("fromtimestamp", arguments, {"", "timestamp", "tz"}, 2));
  if (!PyIsNumber(args.At(1))) return PyError("TypeError", "a number is required");
  MR_ASSIGN_OR_RETURN(PyMoment moment, PyFromTimestamp(args.At(1)));
  if (args.IsNone(2)) moment.zone = {};
  return PyDateTime::Make(moment);
}

Result<PyValue> TotalSeconds(EvaluationBudget&, const PyArguments& arguments) {
  MR_RETURN_IF_ERROR(NoArguments("total_seconds", arguments));
  const PyValue& value = arguments.positional[0];
  const Int128 us = value.kind() == Kind::kTimeDelta ? DeltaOf(value) : DurationOf(value).us;
  return PyValue(static_cast<double>(static_cast<long double>(us) / 1e6L));
}

Result<PyValue> ToTimeDelta(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("totimedelta", arguments, {"", "start", "end"}, 1));
  if (args.IsNone(1) == args.IsNone(2)) {
    return PyError("ValueError",
                   args.IsNone(1) ? "start or end required" : "only start or end allowed");
  }
  if (!args.IsNone(1)) {
    MR_ASSIGN_OR_RETURN(const PyValue end,
                        PyBinary(PyBinaryOperator::kAdd, args.At(1), args.At(0)));
    return PyBinary(PyBinaryOperator::kSub, end, args.At(1));
  }
  MR_ASSIGN_OR_RETURN(const PyValue start,
                      PyBinary(PyBinaryOperator::kSub, args.At(2), args.At(0)));
  return PyBinary(PyBinaryOperator::kSub, args.At(2), start);
}

constexpr PyNamedFunction kDateTimeMethods[] = {
    {"strftime", Strftime},
    {"isoformat", IsoFormat},
    {"timestamp", TimestampMethod},
    {"date", DateMethod},
    {"time", TimeMethod},
    {"weekday", Weekday},
    {"isoweekday", IsoWeekday},
    {"isocalendar", IsoCalendar},
    {"toordinal", ToOrdinal},
    {"ctime", Ctime},
    {"replace", Replace},
    {"astimezone", AsTimezone},
    {"utcoffset", UtcOffset},
    {"tzname", TzName},
    {"strptime", StrptimeMethod},
    {"fromisoformat", FromIsoFormat},
    {"fromtimestamp", FromTimestamp},
};
constexpr PyNamedFunction kDateMethods[] = {
    {"strftime", Strftime},     {"isoformat", IsoDateFormat}, {"weekday", Weekday},
    {"isoweekday", IsoWeekday}, {"isocalendar", IsoCalendar}, {"toordinal", ToOrdinal},
    {"ctime", Ctime},           {"replace", Replace},         {"fromisoformat", FromIsoFormat},
};
constexpr PyNamedFunction kTimeDeltaMethods[] = {{"total_seconds", TotalSeconds}};
constexpr PyNamedFunction kDurationMethods[] = {{"total_seconds", TotalSeconds},
                                                {"totimedelta", ToTimeDelta}};

}  // namespace

PyFunctionTable PyDateTimeMethods() { return kDateTimeMethods; }
PyFunctionTable PyDateMethods() { return kDateMethods; }
PyFunctionTable PyTimeDeltaMethods() { return kTimeDeltaMethods; }
PyFunctionTable PyDurationMethods() { return kDurationMethods; }

}  // namespace millrace
