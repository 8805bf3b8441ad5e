#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "declarative/jinja/py_value.h"

namespace millrace {

/// A moment as a cursor compares it, with the offset in which it is written. Years 1 to 9999.
struct CursorTime {
  int64_t micros = 0;     ///< since 1970-01-01 UTC
  int64_t offset_us = 0;  ///< of the time zone it was given in

  /// By the moment alone, as Python compares datetimes.
  friend bool operator==(CursorTime a, CursorTime b) { return a.micros == b.micros; }
  friend auto operator<=>(CursorTime a, CursorTime b) { return a.micros <=> b.micros; }
};

/// How far two moments are apart: a step, a granularity, a lookback window. Months and years are
/// those of the calendar.
struct CursorGap {
  int64_t micros = 0;
  int64_t months = 0, years = 0;
  /// Whether ISO 8601 text had years or months: never empty, even when they are 0.
  bool calendar = false;
  /// Whether months or years aren't whole: nothing can be counted with it.
  bool fractional = false;

  bool empty() const { return micros == 0 && !calendar; }
};

/// `gap` later or earlier. An OverflowError beyond the years 1 to 9999; a ValueError for parts of
/// months.
Result<CursorTime> Later(CursorTime time, const CursorGap& gap);
Result<CursorTime> Earlier(CursorTime time, const CursorGap& gap);

/// The calendar day of a moment in its offset, as days since 1970-01-01.
int64_t DayOf(CursorTime time);
/// The start of that day.
CursorTime StartOfDay(CursorTime time);

/// A duration of ISO 8601 ("P1D", "PT0.5S", "P1M").
Result<CursorGap> ParseCursorGap(std::string_view iso8601);

}  // namespace millrace
