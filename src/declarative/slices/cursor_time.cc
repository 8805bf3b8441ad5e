#include "declarative/slices/cursor_time.h"

#include <algorithm>
#include <chrono>

#include "base/micros_per_day.h"
#include "declarative/jinja/py_error.h"

namespace millrace {
namespace {

namespace chrono = std::chrono;

constexpr int64_t kYearMin = 1, kYearMax = 9999;

int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a % b < 0) != (b < 0)); }

int64_t LocalMicros(CursorTime time) { return time.micros + time.offset_us; }

Status OutOfRange() { return PyError("OverflowError", "date value out of range"); }

Result<CursorTime> FromLocal(int64_t local, int64_t offset_us) {
  constexpr auto day = [](int64_t year, unsigned month, unsigned day) {
    return chrono::sys_days(chrono::year(static_cast<int>(year)) / chrono::month(month) /
                            chrono::day(day))
        .time_since_epoch()
        .count();
  };
  constexpr int64_t first = day(kYearMin, 1, 1) * kMicrosPerDay;
  constexpr int64_t end = (day(kYearMax, 12, 31) + 1) * kMicrosPerDay;
  if (local < first || local >= end) return OutOfRange();
  return CursorTime{local - offset_us, offset_us};
}

/// As isodate does: the month first, the day cut to what the month has, then days and seconds.
Result<CursorTime> Shifted(CursorTime time, const CursorGap& gap, int sign) {
  int64_t local = LocalMicros(time);
  if (gap.fractional) {
    return PyError("ValueError", "parts of months or years can't be added to a date");
  }
  if (gap.calendar) {
    const int64_t days = FloorDiv(local, kMicrosPerDay);
    const chrono::year_month_day date{chrono::sys_days(chrono::days(days))};
    if (std::abs(gap.months) > 12 * kYearMax || std::abs(gap.years) > kYearMax) {
      return OutOfRange();
    }
    const int64_t months = static_cast<int64_t>(static_cast<int>(date.year())) * 12 +
                           static_cast<int64_t>(static_cast<unsigned>(date.month())) - 1 +
                           sign * (gap.months + gap.years * 12);
    const int64_t year = FloorDiv(months, 12);
    if (year < kYearMin || year > kYearMax) return OutOfRange();
    const chrono::year_month month{chrono::year(static_cast<int>(year)),
                                   chrono::month(static_cast<unsigned>(months - year * 12 + 1))};
    const chrono::day last =
        chrono::year_month_day_last(month.year(), month.month() / chrono::last).day();
    const chrono::sys_days shifted(month / std::min(date.day(), last));
    local += (shifted.time_since_epoch().count() - days) * kMicrosPerDay;
  }
  if (__builtin_add_overflow(local, sign * gap.micros, &local)) return OutOfRange();
  return FromLocal(local, time.offset_us);
}

}  // namespace

Result<CursorTime> Later(CursorTime time, const CursorGap& gap) { return Shifted(time, gap, 1); }
Result<CursorTime> Earlier(CursorTime time, const CursorGap& gap) { return Shifted(time, gap, -1); }

int64_t DayOf(CursorTime time) { return FloorDiv(LocalMicros(time), kMicrosPerDay); }

CursorTime StartOfDay(CursorTime time) {
  return {DayOf(time) * kMicrosPerDay - time.offset_us, time.offset_us};
}

}  // namespace millrace
