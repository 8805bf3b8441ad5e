#pragma once

#include <string>
#include <string_view>

#include "declarative/jinja/py_time.h"

namespace millrace {

// How manifests write moments: strptime's and strftime's directives, and as the whole format "%s"
// (seconds since 1970), "%s_as_float", "%ms" (milliseconds), "%epoch_microseconds"; anywhere in it
// "%_ms" (three digits of milliseconds).

/// `date` is text or a number; what has no zone is UTC. ValueError when it isn't in the format,
/// TypeError for a kind that a number format can't read, OverflowError beyond the years 1 to 9999.
Result<PyMoment> ParseDatetime(const PyValue& date, std::string_view format);

std::string FormatDatetime(const PyMoment& moment, std::string_view format);

}  // namespace millrace
