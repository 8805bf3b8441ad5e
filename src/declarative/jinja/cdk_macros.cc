#include <date/tz.h>
#include <fmt/format.h>

#include "base/uuid.h"
#include "declarative/jinja/datetime_parser.h"
#include "declarative/jinja/py_bound_arguments.h"
#include "declarative/jinja/py_case.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_function_table.h"
#include "declarative/jinja/py_iso_time.h"
#include "declarative/jinja/py_number_text.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_quote.h"
#include "declarative/jinja/py_strftime.h"
#include "declarative/jinja/py_strptime.h"

namespace millrace {
namespace {

using Kind = PyValue::Kind;

Result<PyValue> NowUtc(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_RETURN_IF_ERROR(PyBoundArguments::Bind("now_utc", arguments, {}, 0).status());
  return PyDateTime::Now(budget.clock(), kPyUtc);
}

Result<PyValue> TodayUtc(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_RETURN_IF_ERROR(PyBoundArguments::Bind("today_utc", arguments, {}, 0).status());
  return PyDate::Make(PyDayOf(budget.clock().WallNow().time_since_epoch().count()));
}

bool SameIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    const auto lower = [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    };
    return lower(x) == lower(y);
  });
}

/// The wall time of a named zone at a moment.
Result<int64_t> LocalMicros(std::string_view zone_name, WallTime now) {
  try {
    for (const date::time_zone& zone : date::get_tzdb().zones) {
      if (!SameIgnoringCase(zone.name(), zone_name)) continue;
      return zone.to_local(now).time_since_epoch().count();
    }
    return PyError("UnknownTimeZoneError", fmt::format("'{}'", zone_name));
  } catch (const std::exception& error) {
    return PyError("OSError", fmt::format("time zones can't be looked up: {}", error.what()));
  }
}

Result<PyValue> TodayWithTimezone(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("today_with_timezone", arguments, {"timezone"}, 1));
  if (args.At(0).is_undefined()) return UseOfUndefined(args.At(0));
  if (!args.At(0).is_str()) {
    return PyError("UnknownTimeZoneError", PyRepr(args.At(0)));
  }
  MR_ASSIGN_OR_RETURN(const int64_t local, LocalMicros(args.At(0).str(), budget.clock().WallNow()));
  return PyDate::Make(PyDayOf(local));
}

/// isoparse of what a template gave; naive is UTC.
Result<PyMoment> MomentOfText(const PyValue& value) {
  if (value.is_undefined()) return UseOfUndefined(value);
  if (!value.is_str() && value.kind() != Kind::kBytes) {
    // dateutil looks at the length first, whatever it is of.
    const Result<int64_t> length = PyLength(value);
    if (length.ok() && *length < 4) return PyError("ValueError", "ISO string too short");
    return PyError("TypeError", fmt::format("object of type '{}' has no len()", PyTypeName(value)));
  }
  MR_ASSIGN_OR_RETURN(PyMoment moment, PyIsoParse(value.str()));
  if (moment.zone.naive()) moment.zone = kPytzUtc;
  return moment.In(kPytzUtc);
}

Result<PyValue> Timestamp(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("timestamp", arguments, {"dt"}, 1));
  if (PyIsNumber(args.At(0))) return PyToInt(args.At(0));
  MR_ASSIGN_OR_RETURN(const PyMoment moment, MomentOfText(args.At(0)));
  return PyValue(PyTimestamp(moment));
}

Result<PyValue> StrToDatetime(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("str_to_datetime", arguments, {"s"}, 1));
  MR_ASSIGN_OR_RETURN(const PyMoment moment, MomentOfText(args.At(0)));
  return PyDateTime::Make(moment);
}

/// The least or, `most`, the greatest; the first of equal ones.
Result<PyValue> Extreme(EvaluationBudget& budget, const PyArguments& arguments,
                        std::string_view name, bool most) {
  if (!arguments.named.empty()) {
    return PyError("TypeError", fmt::format("{}() got an unexpected keyword argument", name));
  }
  if (arguments.positional.empty()) {
    return PyError("TypeError", fmt::format("{} expected at least 1 argument, got 0", name));
  }
  PyList items = arguments.positional;
  if (items.size() == 1) {
    MR_ASSIGN_OR_RETURN(items, PyIterate(PyValue(arguments.positional[0])));
    if (items.empty()) {
      return PyError("ValueError", fmt::format("{}() arg is an empty sequence", name));
    }
  }
  MR_RETURN_IF_ERROR(ChargeItems(budget, items.size()));
  size_t best = 0;
  for (size_t i = 1; i < items.size(); ++i) {
    MR_ASSIGN_OR_RETURN(const bool better,
                        most ? PyLess(items[best], items[i]) : PyLess(items[i], items[best]));
    if (better) best = i;
  }
  return items[best];
}

Result<PyValue> Max(EvaluationBudget& budget, const PyArguments& arguments) {
  return Extreme(budget, arguments, "max", /*most=*/true);
}
Result<PyValue> Min(EvaluationBudget& budget, const PyArguments& arguments) {
  return Extreme(budget, arguments, "min", /*most=*/false);
}

Result<PyValue> DayDelta(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("day_delta", arguments, {"num_days", "format"}, 1));
  PyTimeDeltaSum sum;
  MR_RETURN_IF_ERROR(sum.Add(args.At(0), static_cast<int64_t>(kPyMicrosPerDay)));
  MR_ASSIGN_OR_RETURN(const Int128 us, sum.Total());
  MR_ASSIGN_OR_RETURN(const PyValue delta, PyTimeDelta::Make(us));
  MR_ASSIGN_OR_RETURN(
      const PyValue moved,
      PyBinary(PyBinaryOperator::kAdd, PyDateTime::Now(budget.clock(), kPyUtc), delta));
  MR_ASSIGN_OR_RETURN(const std::string_view format, args.Text(1, "%Y-%m-%dT%H:%M:%S.%f%z"));
  return PyValue(PyStrftime(MomentOf(moved), format));
}

Result<PyValue> Duration(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("duration", arguments, {"datestring"}, 1));
  MR_ASSIGN_OR_RETURN(const std::string_view text, args.Text(0));
  return PyIsoDuration(text);
}

/// What format_datetime is to format.
Result<PyMoment> MomentToFormat(const PyBoundArguments& args) {
  const PyValue& value = args.At(0);
  const bool has_format = args[2] != nullptr && PyTruthy(args.At(2));
  if (value.is_int() || value.is_bool() || value.kind() == Kind::kBigInt) {
    if (!has_format) return ParseDatetime(value, "%s");
    MR_ASSIGN_OR_RETURN(const std::string_view format, args.Text(2));
    return ParseDatetime(value, format);
  }
  if (!has_format) return MomentOfText(value);
  MR_ASSIGN_OR_RETURN(const std::string_view text, args.Text(0));
  MR_ASSIGN_OR_RETURN(const std::string_view format, args.Text(2));
  MR_ASSIGN_OR_RETURN(PyMoment moment, PyStrptime(text, format));
  if (moment.zone.naive()) moment.zone = kPytzUtc;
  return moment;
}

Result<PyValue> FormatDatetimeMacro(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(
      const PyBoundArguments args,
      PyBoundArguments::Bind("format_datetime", arguments, {"dt", "format", "input_format"}, 2));
  if (args.At(0).kind() == Kind::kDateTime) {
    MR_ASSIGN_OR_RETURN(const std::string_view format, args.Text(1));
    return PyValue(PyStrftime(MomentOf(args.At(0)), format));
  }
  MR_ASSIGN_OR_RETURN(const PyMoment moment, MomentToFormat(args));
  MR_ASSIGN_OR_RETURN(const std::string_view format, args.Text(1));
  return PyValue(FormatDatetime(moment, format));
}

Result<PyValue> SanitizeUrl(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("sanitize_url", arguments, {"value"}, 1));
  if (args.At(0).kind() == Kind::kBytes) return PyValue(PyQuotePlus(args.At(0).str()));
  MR_ASSIGN_OR_RETURN(const std::string_view text, args.Text(0));
  MR_RETURN_IF_ERROR(ChargeText(budget, 3 * text.size()));
  return PyValue(PyQuotePlus(text));
}

Result<PyValue> CamelCaseToSnakeCase(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("camel_case_to_snake_case", arguments, {"value"}, 1));
  MR_ASSIGN_OR_RETURN(const std::string_view text, args.Text(0));
  std::string snake;
  for (size_t i = 0; i < text.size(); ++i) {
    if (i != 0 && text[i] >= 'A' && text[i] <= 'Z') snake.push_back('_');
    snake.push_back(text[i]);
  }
  MR_RETURN_IF_ERROR(ChargeText(budget, 2 * snake.size()));
  return PyValue(PyLower(snake));
}

Result<PyValue> GenerateUuid(EvaluationBudget&, const PyArguments& arguments) {
  MR_RETURN_IF_ERROR(PyBoundArguments::Bind("generate_uuid", arguments, {}, 0).status());
  return PyValue(RandomUuid());
}

constexpr PyNamedFunction kMacros[] = {
    {"now_utc", NowUtc},
    {"today_utc", TodayUtc},
    {"timestamp", Timestamp},
    {"max", Max},
    {"min", Min},
    {"day_delta", DayDelta},
    {"duration", Duration},
    {"format_datetime", FormatDatetimeMacro},
    {"today_with_timezone", TodayWithTimezone},
    {"str_to_datetime", StrToDatetime},
    {"sanitize_url", SanitizeUrl},
    {"camel_case_to_snake_case", CamelCaseToSnakeCase},
    {"generate_uuid", GenerateUuid},
};

}  // namespace

PyFunctionTable CdkMacros() { return kMacros; }

}  // namespace millrace
