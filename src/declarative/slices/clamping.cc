#include "declarative/slices/clamping.h"

#include <chrono>

#include "base/micros_per_day.h"

namespace millrace {
namespace {

namespace chrono = std::chrono;

CursorGap Days(int64_t days) { return {.micros = days * kMicrosPerDay}; }

/// Days until the weekday comes; 0 when it is that day.
int64_t DaysToWeekday(CursorTime time, int weekday) {
  const int today = static_cast<int>(
      chrono::weekday(chrono::sys_days(chrono::days(DayOf(time)))).iso_encoding() - 1);
  return (weekday - today + 7) % 7;
}

unsigned DayOfMonth(CursorTime time) {
  const chrono::year_month_day date{chrono::sys_days(chrono::days(DayOf(time)))};
  return static_cast<unsigned>(date.day());
}

}  // namespace

// A week and a month go by the day alone: the time of an edge's own day is cut off, also upwards.

Result<CursorTime> Clamping::Up(CursorTime time) const {
  const CursorTime day = StartOfDay(time);
  switch (target) {
    case Target::kNone:
      return time;
    case Target::kDay:
      return day == time ? day : Later(day, Days(1));
    case Target::kWeek:
      return Later(day, Days(DaysToWeekday(time, weekday)));
    case Target::kMonth: {
      const unsigned number = DayOfMonth(time);
      if (number == 1) return day;
      MR_ASSIGN_OR_RETURN(const CursorTime first, Earlier(day, Days(number - 1)));
      return Later(first, {.months = 1, .calendar = true});
    }
  }
  return time;
}

Result<CursorTime> Clamping::Down(CursorTime time) const {
  const CursorTime day = StartOfDay(time);
  switch (target) {
    case Target::kNone:
      return time;
    case Target::kDay:
      return day;
    case Target::kWeek: {
      const int64_t days = DaysToWeekday(time, weekday);
      return days == 0 ? day : Earlier(day, Days(7 - days));
    }
    case Target::kMonth:
      return Earlier(day, Days(DayOfMonth(time) - 1));
  }
  return time;
}

}  // namespace millrace
