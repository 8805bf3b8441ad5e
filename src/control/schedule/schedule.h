#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cron_expression.h"
#include "base/result.h"

namespace millrace {

/// When a connection runs by itself. A plain value, made from the words of either API or of a
/// connection file; a schedule that was made is a valid one.
struct Schedule {
  enum class Kind {
    kManual,  ///< only when somebody asks
    kEvery,   ///< so long after the last job began
    kCron,    ///< at times of a clock on a wall; daily-at and weekly-on are such times too
  };
  enum class Unit { kMinutes, kHours, kDays, kWeeks, kMonths };

  Kind kind = Kind::kManual;
  int64_t units = 0;  ///< kEvery; at least a minute
  Unit unit = Unit::kMinutes;
  CronExpression cron;            ///< kCron
  std::string time_zone = "UTC";  ///< kCron
};

/// `unit`: minutes, hours, days, weeks, months. A config error beyond 100 years.
Result<Schedule> EverySchedule(int64_t units, std::string_view unit);
/// "0 2 * * 1-5" or Quartz's form, in a time zone of the IANA database; config errors say what is
/// wrong with either.
Result<Schedule> CronSchedule(std::string_view expression, const std::string& time_zone);

/// "0 0 2 * * ?" for "02:00". A config error when that is no time of day.
Result<std::string> DailyCron(std::string_view time_of_day);
/// "0 0 2 ? * MON,THU" for {"mon", "thu"} and "02:00".
Result<std::string> WeeklyCron(const std::vector<std::string>& days, std::string_view time_of_day);

/// When the next job of `connection_id` is due; none: never by itself. Times are microseconds since
/// 1970 UTC. `last_run` is when its last job was made, none when it had none; what lies before it
/// is done. A time before `now` means that it is overdue: it is due once, however many times have
/// passed, because the job that it gets is the next call's `last_run`.
///
/// Never less than a minute after `last_run`. A connection that never ran is due at once when it
/// runs every so often (after a breath, so that whoever made it may start it), else at its first
/// time after `now`. Times of a cron expression come a little later, by a part that is always the
/// same for one connection, at most a sixtieth of the way to the next time and 2 minutes, so that
/// not everybody starts at full hours.
std::optional<int64_t> NextRun(const Schedule& schedule, const std::string& connection_id,
                               std::optional<int64_t> last_run, int64_t now);

}  // namespace millrace
