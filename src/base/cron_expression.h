#pragma once

#include <bitset>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace millrace {

/// A day that a cron expression names by its place in the month.
struct CronMonthDay {
  enum class Kind {
    kBeforeLast,          ///< L, L-3: `number` days before the last one
    kLastWorkday,         ///< LW
    kWorkdayNearestDate,  ///< 15W: the working day nearest to the date `number`, of its month
    kLastWeekday,         ///< 6L: the month's last `weekday`
    kNthWeekday,          ///< 6#3: its `number`th `weekday`
  };
  Kind kind = Kind::kBeforeLast;
  int number = 0;
  int weekday = 0;  ///< 0 is Sunday

  bool operator==(const CronMonthDay&) const = default;
};

/// When something is to happen: a cron expression, taken apart. Read by the command line, which
/// refuses what is none, and by schedulers. A plain value.
///
/// Two forms are understood. Five fields are Unix's: minute, hour, day of the month, month,
/// weekday (0 and 7 are Sunday); with both days restricted, either one does. Six or seven are
/// Quartz's: second, then those five with 1 for Sunday and a "?" for the day that doesn't count,
/// then the year. L, W and # work in both.
struct CronExpression {
  std::bitset<60> seconds;  ///< exactly one: more would be more than once a minute
  std::bitset<60> minutes;
  std::bitset<24> hours;
  std::bitset<32> month_days;  ///< bit 0 is unused; all of them when the field is * or ?
  std::bitset<13> months;      ///< bit 0 is unused
  std::bitset<7> weekdays;     ///< bit 0 is Sunday; all of them when the field is * or ?
  /// More days of either field: the last two kinds are the weekday's.
  std::vector<CronMonthDay> special_days;
  std::bitset<130> years;  ///< bit 0 is 1970; all of them without the field
  /// A day that matches one of its two fields will do; else it must match both.
  bool any_day_field = false;
};

/// A config error names the field, its value and what it may be: for text that is no expression,
/// and for one that comes more than once a minute or on no day ever (30 February).
Result<CronExpression> ParseCronExpression(std::string_view text);

}  // namespace millrace
