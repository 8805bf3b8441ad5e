#include <cmath>
#include <limits>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_iso_time.h"
#include "declarative/jinja/py_time.h"
#include "declarative/slices/cursor_time.h"

namespace millrace {

Result<CursorGap> ParseCursorGap(std::string_view iso8601) {
  MR_ASSIGN_OR_RETURN(const PyValue value, PyIsoDuration(iso8601));
  CursorGap gap;
  Int128 micros = 0;
  if (value.kind() == PyValue::Kind::kDuration) {
    const PyDuration& duration = DurationOf(value);
    constexpr double kWholeMax = 1e15;
    if (std::abs(duration.years) > kWholeMax || std::abs(duration.months) > kWholeMax) {
      return PyError("OverflowError", "the duration is too long");
    }
    gap.calendar = true;
    gap.years = static_cast<int64_t>(duration.years);
    gap.months = static_cast<int64_t>(duration.months);
    gap.fractional = std::trunc(duration.years) != duration.years ||
                     std::trunc(duration.months) != duration.months;
    micros = duration.us;
  } else {
    micros = DeltaOf(value);
  }
  // Longer than any calendar: what it is added to overflows in any case.
  constexpr Int128 kMicrosMax = std::numeric_limits<int64_t>::max() / 2;
  gap.micros = static_cast<int64_t>(micros > kMicrosMax    ? kMicrosMax
                                    : micros < -kMicrosMax ? -kMicrosMax
                                                           : micros);
  return gap;
}

}  // namespace millrace
