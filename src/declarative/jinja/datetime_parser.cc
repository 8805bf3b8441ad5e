#include "declarative/jinja/datetime_parser.h"

#include <fmt/format.h>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_number_text.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_strftime.h"
#include "declarative/jinja/py_strptime.h"

namespace millrace {
namespace {

/// Formats of which a number is the whole.
enum class WholeFormat { kNone, kSeconds, kFloatSeconds, kMillis, kMicros };

WholeFormat WholeFormatOf(std::string_view format) {
  static constexpr std::pair<std::string_view, WholeFormat> kFormats[] = {
      {"%s", WholeFormat::kSeconds},
      {"%s_as_float", WholeFormat::kFloatSeconds},
      {"%ms", WholeFormat::kMillis},
      {"%epoch_microseconds", WholeFormat::kMicros}};
  for (const auto& [name, whole] : kFormats) {
    if (name == format) return whole;
  }
  return WholeFormat::kNone;
}

void Replace(std::string* text, std::string_view what, std::string_view by) {
  for (size_t at = text->find(what); at != text->npos; at = text->find(what, at + by.size())) {
    text->replace(at, what.size(), by);
  }
}

/// 1970 and so many units of microseconds.
Result<PyMoment> SinceEpoch(const PyValue& date, int64_t unit_us) {
  MR_ASSIGN_OR_RETURN(const PyValue count, PyToInt(date));
  PyTimeDeltaSum sum;
  MR_RETURN_IF_ERROR(sum.Add(count, unit_us));
  MR_ASSIGN_OR_RETURN(const Int128 us, sum.Total());
  if (us > INT64_MAX || us < INT64_MIN) {
    return PyError("OverflowError", "date value out of range");
  }
  return PyMoment{static_cast<int64_t>(us), PyZone{}}.In(kPyUtc);
}

std::string Whole(double value) { return PyStr(PyIntFromFloat(value)); }

}  // namespace

Result<PyMoment> ParseDatetime(const PyValue& date, std::string_view format) {
  switch (WholeFormatOf(format)) {
    case WholeFormat::kSeconds: {
      MR_ASSIGN_OR_RETURN(const PyValue seconds, PyToInt(date));
      return PyFromTimestamp(seconds);
    }
    case WholeFormat::kFloatSeconds: {
      MR_ASSIGN_OR_RETURN(const double seconds, PyToFloat(date));
      return PyFromTimestamp(PyValue(seconds));
    }
    case WholeFormat::kMillis:
      return SinceEpoch(date, 1000);
    case WholeFormat::kMicros:
      return SinceEpoch(date, 1);
    case WholeFormat::kNone:
      break;
  }
  std::string plain;
  if (format.find("%_ms") != format.npos) {
    plain = format;
    Replace(&plain, "%_ms", "%f");
    format = plain;
  }
  Result<PyMoment> moment =
      date.is_str() ? PyStrptime(date.str(), format) : PyStrptime(PyStr(date), format);
  if (moment.ok() && moment->zone.naive()) moment->zone = kPyUtc;
  return moment;
}

std::string FormatDatetime(const PyMoment& moment, std::string_view format) {
  switch (WholeFormatOf(format)) {
    case WholeFormat::kSeconds:
      return Whole(PyTimestamp(moment));
    case WholeFormat::kFloatSeconds:
      return PyRepr(PyValue(PyTimestamp(moment)));
    case WholeFormat::kMillis:
      return Whole(PyTimestamp(moment) * 1000);
    case WholeFormat::kMicros:
      return Whole(PyTimestamp(moment) * 1'000'000);
    case WholeFormat::kNone:
      break;
  }
  if (format.find("%_ms") == format.npos) return PyStrftime(moment, format);
  std::string plain(format);
  Replace(&plain, "%_ms", "%f");
  std::string text = PyStrftime(moment, plain);
  const int64_t us = PyCivilTime::Of(moment.local_us).microsecond;
  // Wherever those six digits stand, as in the CDK.
  Replace(&text, fmt::format("{:06}", us), fmt::format("{:03}", us / 1000));
  return text;
}

}  // namespace millrace
