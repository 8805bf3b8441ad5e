#include "control/schedule/schedule.h"

#include <date/date.h>

#include <algorithm>
#include <charconv>

#include "base/time_zone.h"
#include "control/schedule/cron_times.h"

namespace millrace {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kMinute = 60 * kSecond;
/// Who makes a connection often starts it by hand at once; that is its first run then.
constexpr int64_t kBreath = 5 * kSecond;
constexpr int64_t kJitterMax = 2 * kMinute;
constexpr int64_t kJitterShare = 60;
/// A schedule of more than a century is a mistake, and its sums would overflow.
constexpr int64_t kMinutesMax = 100LL * 366 * 24 * 60;

struct UnitRow {
  Schedule::Unit unit;
  std::string_view name;  ///< the config API's
  int64_t microseconds;   ///< of one; a month's, for bounds only
};
constexpr UnitRow kUnits[] = {
    {Schedule::Unit::kMinutes, "minutes", kMinute},
    {Schedule::Unit::kHours, "hours", 60 * kMinute},
    {Schedule::Unit::kDays, "days", 24 * 60 * kMinute},
    {Schedule::Unit::kWeeks, "weeks", 7 * 24 * 60 * kMinute},
    {Schedule::Unit::kMonths, "months", 30LL * 24 * 60 * kMinute},
};

const UnitRow& RowOf(Schedule::Unit unit) {
  return *std::find_if(std::begin(kUnits), std::end(kUnits),
                       [&](const UnitRow& row) { return row.unit == unit; });
}

/// The same day of the month and time of day so many months later (UTC); the month's last day when
/// it has no such day.
int64_t AfterMonths(int64_t time, int64_t months) {
  const date::sys_time<std::chrono::microseconds> moment{std::chrono::microseconds(time)};
  const auto day = date::floor<date::days>(moment);
  const date::year_month_day from(day);
  date::year_month_day to = from + date::months(static_cast<int>(months));
  if (!to.ok()) to = to.year() / to.month() / date::last;
  const auto then = date::sys_days(to) + (moment - day);
  return std::chrono::duration_cast<std::chrono::microseconds>(then.time_since_epoch()).count();
}

int64_t AfterInterval(const Schedule& schedule, int64_t time) {
  if (schedule.unit == Schedule::Unit::kMonths) return AfterMonths(time, schedule.units);
  return time + schedule.units * RowOf(schedule.unit).microseconds;
}

/// Between 0 and 1, always the same for one connection, evenly spread: FNV-1a, mixed.
double ShareOf(const std::string& connection_id) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : connection_id) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
  hash ^= hash >> 33;
  return static_cast<double>(hash & 0xffffffff) / 4294967296.0;
}

std::optional<int64_t> NextCronRun(const Schedule& schedule, const std::string& connection_id,
                                   int64_t after) {
  const auto next = NextCronTime(schedule.cron, schedule.time_zone, after / kSecond);
  if (!next) return std::nullopt;
  const auto following = NextCronTime(schedule.cron, schedule.time_zone, *next);
  const int64_t gap = following ? (*following - *next) * kSecond : kJitterMax * kJitterShare;
  const int64_t jitter_max = std::min(gap / kJitterShare, kJitterMax);
  const auto jitter =
      static_cast<int64_t>(ShareOf(connection_id) * static_cast<double>(jitter_max));
  return *next * kSecond + jitter;
}

constexpr std::string_view kDays[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

/// "0 30 2" for "02:30": seconds, minutes and hours.
Result<std::string> TimeFields(std::string_view text) {
  int hour = -1, minute = -1;
  const bool shaped =
      text.size() == 5 && text[2] == ':' &&
      std::from_chars(text.data(), text.data() + 2, hour).ptr == text.data() + 2 &&
      std::from_chars(text.data() + 3, text.data() + 5, minute).ptr == text.data() + 5;
  if (shaped && hour >= 0 && hour < 24 && minute >= 0 && minute < 60) {
    return fmt::format("0 {} {}", minute, hour);
  }
  return ConfigError("\"{}\" is no time of day; write one like \"02:00\"", text);
}

}  // namespace

Result<std::string> DailyCron(std::string_view time_of_day) {
  MR_ASSIGN_OR_RETURN(const std::string fields, TimeFields(time_of_day));
  return fields + " * * ?";
}

Result<std::string> WeeklyCron(const std::vector<std::string>& days, std::string_view time_of_day) {
  MR_ASSIGN_OR_RETURN(const std::string fields, TimeFields(time_of_day));
  if (days.empty()) return ConfigError("name at least one day of the week");
  std::vector<std::string> names;
  for (const std::string& day : days) {
    if (std::find(std::begin(kDays), std::end(kDays), day) == std::end(kDays)) {
      return ConfigError("there is no day {}; allowed: {}", day, fmt::join(kDays, ", "));
    }
    names.push_back(day);
    for (char& c : names.back()) c = static_cast<char>(c - 'a' + 'A');
  }
  return fmt::format("{} ? * {}", fields, fmt::join(names, ","));
}

std::optional<int64_t> NextRun(const Schedule& schedule, const std::string& connection_id,
                               std::optional<int64_t> last_run, int64_t now) {
  if (last_run) last_run = std::min(*last_run, now);  // the clock may have been put back
  std::optional<int64_t> next;
  if (schedule.kind == Schedule::Kind::kEvery) {
    next = last_run ? AfterInterval(schedule, *last_run) : now + kBreath;
  } else if (schedule.kind == Schedule::Kind::kCron) {
    next = NextCronRun(schedule, connection_id, last_run.value_or(now));
  }
  if (next && last_run) next = std::max(*next, *last_run + kMinute);
  return next;
}

Result<Schedule> EverySchedule(int64_t units, std::string_view unit) {
  Schedule schedule;
  schedule.kind = Schedule::Kind::kEvery;
  schedule.units = units;
  for (const UnitRow& row : kUnits) {
    if (row.name != unit) continue;
    schedule.unit = row.unit;
    const int64_t units_max = kMinutesMax * kMinute / row.microseconds;
    if (units < 1 || units > units_max) {
      return ConfigError("a schedule of every {} {} can't be: it may be 1 minute to 100 years",
                         units, unit);
    }
    return schedule;
  }
  return ConfigError("the time unit is {}; it may be minutes, hours, days, weeks or months", unit);
}

Result<Schedule> CronSchedule(std::string_view expression, const std::string& time_zone) {
  Schedule schedule;
  schedule.kind = Schedule::Kind::kCron;
  auto cron = ParseCronExpression(expression);
  if (!cron.ok()) return cron.status().WithContext(fmt::format("cron \"{}\"", expression));
  schedule.cron = *std::move(cron);
  MR_RETURN_IF_ERROR(CheckTimeZone(time_zone));
  schedule.time_zone = time_zone;
  return schedule;
}

}  // namespace millrace
