#include "declarative/slices/cursor_formats.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "declarative/jinja/datetime_parser.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"

namespace millrace {

CursorFormats::CursorFormats(std::string format, std::vector<std::string> others)
    : formats_(std::move(others)) {
  formats_.push_back(std::move(format));
  for (const std::string& each : formats_) short_ways_.emplace_back(each);
}

Result<CursorTime> CursorFormats::Parse(const PyValue& value) const {
  for (size_t i = 0; i < formats_.size(); ++i) {
    if (value.is_str()) {
      if (const std::optional<CursorTime> time = short_ways_[i].Read(value.str())) return *time;
    }
    Result<CursorTime> time = ParseCursorTime(value, formats_[i]);
    if (time.ok() || !IsPyError(time.status(), "ValueError")) return time;
  }
  return PyError("ValueError", fmt::format("{} is in none of the formats {}", PyRepr(value),
                                           fmt::join(formats_, ", ")));
}

Result<std::string> CursorFormats::Format(CursorTime time) const {
  if (std::optional<std::string> text = short_ways_.back().Write(time)) return *std::move(text);
  PyMoment moment;
  moment.local_us = time.micros + time.offset_us;
  moment.zone = time.offset_us == 0 ? kPyUtc : PyZone{PyZone::Class::kFixed, time.offset_us};
  return FormatDatetime(moment, format());
}

Result<CursorTime> ParseCursorTime(const PyValue& value, const std::string& format) {
  MR_ASSIGN_OR_RETURN(const PyMoment moment, ParseDatetime(value, format));
  return CursorTime{moment.utc_us(), moment.zone.offset_us};
}

}  // namespace millrace
