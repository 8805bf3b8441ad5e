#include "control/schedule/cron_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

namespace millrace {
namespace {

constexpr const char* kMonths[] = {"",        "January",  "February", "March",  "April",
                                   "May",     "June",     "July",     "August", "September",
                                   "October", "November", "December"};
constexpr const char* kWeekdays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                     "Thursday", "Friday", "Saturday"};
constexpr const char* kOrdinals[] = {"", "first", "second", "third", "fourth", "fifth"};

template <size_t size>
std::vector<size_t> Members(const std::bitset<size>& set) {
  std::vector<size_t> members;
  for (size_t i = 0; i < size; ++i) {
    if (set[i]) members.push_back(i);
  }
  return members;
}

/// The step between members that lie evenly from the first on, over the whole range; 0: none.
size_t StepOf(const std::vector<size_t>& members, size_t range) {
  if (members.size() < 2 || members.front() != 0) return 0;
  const size_t step = members[1];
  for (size_t i = 0; i < members.size(); ++i) {
    if (members[i] != i * step) return 0;
  }
  return members.back() + step >= range && range % step == 0 ? step : 0;
}

std::string Times(const CronExpression& cron) {
  const auto minutes = Members(cron.minutes), hours = Members(cron.hours);
  const auto every = [](size_t step, const char* one, const char* many) {
    return step == 1 ? fmt::format("every {}", one) : fmt::format("every {} {}", step, many);
  };
  const size_t minute_step = StepOf(minutes, 60), hour_step = StepOf(hours, 24);
  if (minute_step > 0 && hour_step == 1) return every(minute_step, "minute", "minutes");
  if (minutes.size() == 1 && hour_step > 0) {
    return fmt::format("{}, {} minutes past the hour", every(hour_step, "hour", "hours"),
                       minutes.front());
  }
  constexpr size_t kTimesMax = 6;
  if (minutes.size() * hours.size() <= kTimesMax) {
    std::vector<std::string> times;
    for (const size_t hour : hours) {
      for (const size_t minute : minutes) times.push_back(fmt::format("{:02}:{:02}", hour, minute));
    }
    return fmt::format("at {}", fmt::join(times, ", "));
  }
  const std::string past = minute_step > 0 ? every(minute_step, "minute", "minutes")
                                           : fmt::format("at minute {}", fmt::join(minutes, ", "));
  return fmt::format("{}, in hour {}", past, fmt::join(hours, ", "));
}

std::string SpecialDay(const CronMonthDay& day) {
  using Kind = CronMonthDay::Kind;
  switch (day.kind) {
    case Kind::kBeforeLast:
      return day.number == 0 ? "the last day of the month"
                             : fmt::format("{} days before the last of the month", day.number);
    case Kind::kLastWorkday:
      return "the last working day of the month";
    case Kind::kWorkdayNearestDate:
      return fmt::format("the working day nearest to day {}", day.number);
    case Kind::kLastWeekday:
      return fmt::format("the last {} of the month", kWeekdays[day.weekday]);
    case Kind::kNthWeekday:
      return fmt::format("the {} {} of the month", kOrdinals[day.number], kWeekdays[day.weekday]);
  }
  return "";
}

std::string Days(const CronExpression& cron) {
  std::vector<std::string> parts;
  for (const CronMonthDay& day : cron.special_days) parts.push_back("on " + SpecialDay(day));
  if (const auto days = Members(cron.month_days); !days.empty() && days.size() < 31) {
    parts.push_back(fmt::format("on day {} of the month", fmt::join(days, ", ")));
  }
  const auto days = Members(cron.weekdays);
  if (days == std::vector<size_t>{1, 2, 3, 4, 5}) {
    parts.emplace_back("Monday to Friday");
  } else if (!days.empty() && days.size() < 7) {
    std::vector<std::string> names;
    for (const size_t day : days) names.emplace_back(kWeekdays[day]);
    parts.push_back(fmt::format("on {}", fmt::join(names, ", ")));
  }
  return fmt::format("{}", fmt::join(parts, cron.any_day_field ? " or " : ", "));
}

}  // namespace

std::string DescribeCron(const CronExpression& cron) {
  std::string text = Times(cron);
  if (const std::string days = Days(cron); !days.empty()) text += ", " + days;
  if (const auto months = Members(cron.months); months.size() < 12) {
    std::vector<std::string> names;
    for (const size_t month : months) names.emplace_back(kMonths[month]);
    text += fmt::format(", in {}", fmt::join(names, ", "));
  }
  if (const auto years = Members(cron.years); years.size() < cron.years.size()) {
    text += fmt::format(", in {}", 1970 + years.front());
    if (years.size() > 1) text += fmt::format(" to {}", 1970 + years.back());
  }
  return text;
}

}  // namespace millrace
