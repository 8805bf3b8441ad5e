#pragma once

#include <string_view>

#include "declarative/jinja/py_time.h"

namespace millrace {

/// dateutil.parser.isoparse: ISO 8601 dates and times, compact or with separators, week and ordinal
/// dates, a zone or none (then naive). A ValueError otherwise.
Result<PyMoment> PyIsoParse(std::string_view text);

/// isodate.parse_duration: a timedelta, or a Duration when there are years or months that aren't 0.
/// An ISO8601Error (a ValueError to Python) when it's none, also for the alternative form
/// (P0001-02-03T04:05:06), which nobody uses.
Result<PyValue> PyIsoDuration(std::string_view text);

}  // namespace millrace
