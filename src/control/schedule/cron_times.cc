#include "control/schedule/cron_times.h"

#include <date/tz.h>

#include <algorithm>
#include <vector>

namespace millrace {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

date::weekday WeekdayOf(int weekday) { return date::weekday(static_cast<unsigned>(weekday)); }

bool IsWorkday(date::local_days day) {
  const date::weekday weekday(day);
  return weekday != date::Saturday && weekday != date::Sunday;
}

/// The working day nearest to `date` that lies in the same month.
date::local_days NearestWorkday(date::local_days day) {
  if (IsWorkday(day)) return day;
  const date::year_month_day date(day);
  const bool saturday = date::weekday(day) == date::Saturday;
  const date::local_days near = day + (saturday ? date::days(-1) : date::days(1));
  if (date::year_month_day(near).month() == date.month()) return near;
  return day + (saturday ? date::days(2) : date::days(-2));
}

/// Whether `day` is the one that `special` names in its month.
bool IsSpecial(const CronMonthDay& special, date::local_days day) {
  using Kind = CronMonthDay::Kind;
  const date::year_month_day date(day);
  const date::year_month month(date.year(), date.month());
  const date::local_days last(month / date::last);
  const auto number = static_cast<unsigned>(special.number);
  switch (special.kind) {
    case Kind::kBeforeLast:
      return day == last - date::days(special.number);
    case Kind::kLastWorkday:
      return IsWorkday(last) ? day == last : day == NearestWorkday(last);
    case Kind::kWorkdayNearestDate: {
      const date::year_month_day named = month / date::day(number);
      return named.ok() && day == NearestWorkday(date::local_days(named));
    }
    case Kind::kLastWeekday:
      return day == date::local_days(month / WeekdayOf(special.weekday)[date::last]);
    case Kind::kNthWeekday:
      return date::year_month_weekday(day) == month / WeekdayOf(special.weekday)[number];
  }
  return false;
}

bool IsOfWeekday(const CronMonthDay& special) {
  return special.kind == CronMonthDay::Kind::kLastWeekday ||
         special.kind == CronMonthDay::Kind::kNthWeekday;
}

/// Which days an expression means; worked out once.
class CronDays {
 public:
  explicit CronDays(const CronExpression& cron) : cron_(cron) {}

  bool Has(date::local_days day) const {
    const date::year_month_day date(day);
    const int year = static_cast<int>(date.year()) - 1970;
    if (year < 0 || year >= static_cast<int>(cron_.years.size())) return false;
    if (!cron_.years[static_cast<size_t>(year)]) return false;
    if (!cron_.months[static_cast<unsigned>(date.month())]) return false;
    const bool of_month =
        cron_.month_days[static_cast<unsigned>(date.day())] || Special(day, false);
    const bool of_week = cron_.weekdays[date::weekday(day).c_encoding()] || Special(day, true);
    return cron_.any_day_field ? of_month || of_week : of_month && of_week;
  }

 private:
  bool Special(date::local_days day, bool of_weekday) const {
    return std::any_of(cron_.special_days.begin(), cron_.special_days.end(),
                       [&](const CronMonthDay& special) {
                         return IsOfWeekday(special) == of_weekday && IsSpecial(special, day);
                       });
  }

  const CronExpression& cron_;
};

/// The moments at which the zone's clocks show `local`, as the expression counts them.
std::vector<date::sys_seconds> MomentsOf(const date::time_zone& zone, date::local_seconds local,
                                         bool every_hour) {
  const date::local_info info = zone.get_info(local);
  switch (info.result) {
    case date::local_info::nonexistent:
      if (every_hour) return {};
      return {info.second.begin};
    case date::local_info::ambiguous: {
      const date::sys_seconds first(local.time_since_epoch() - info.first.offset);
      const date::sys_seconds second(local.time_since_epoch() - info.second.offset);
      if (every_hour) return {first, second};
      return {first};
    }
    default:
      return {date::sys_seconds(local.time_since_epoch() - info.first.offset)};
  }
}

/// The first moment of `day` after `after`.
std::optional<date::sys_seconds> FirstOfDay(const CronExpression& cron, const date::time_zone& zone,
                                            date::local_days day, date::sys_seconds after) {
  // No clock is further than that from what it showed before a change.
  const date::local_seconds early = zone.to_local(after) - hours(4);
  const date::local_seconds from = std::max(early, date::local_seconds(day));
  size_t second = 0;
  while (!cron.seconds[second]) ++second;
  std::optional<date::sys_seconds> first;
  for (size_t hour = 0; hour < cron.hours.size(); ++hour) {
    if (!cron.hours[hour]) continue;
    for (size_t minute = 0; minute < cron.minutes.size(); ++minute) {
      if (!cron.minutes[minute]) continue;
      const date::local_seconds local = day + hours(hour) + minutes(minute) + seconds(second);
      if (local < from) continue;
      for (const date::sys_seconds moment : MomentsOf(zone, local, cron.hours.all())) {
        if (moment > after && (!first || moment < *first)) first = moment;
      }
      // Later ones can't come earlier, but for an hour that comes twice.
      if (first && local > zone.to_local(*first) + hours(3)) return first;
    }
  }
  return first;
}

}  // namespace

std::optional<int64_t> NextCronTime(const CronExpression& cron, const std::string& time_zone,
                                    int64_t after) {
  const date::time_zone& zone = *date::locate_zone(time_zone);
  const date::sys_seconds since{seconds(after)};
  const CronDays days(cron);
  const date::local_days end(date::local_days(date::year(2100) / 1 / 1));
  // A day before: its last hour may come twice, after midnight.
  for (date::local_days day = date::floor<date::days>(zone.to_local(since)) - date::days(1);
       day < end; day += date::days(1)) {
    if (!days.Has(day)) continue;
    if (const auto first = FirstOfDay(cron, zone, day, since)) {
      return first->time_since_epoch().count();
    }
  }
  return std::nullopt;
}

}  // namespace millrace
