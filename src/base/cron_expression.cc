#include "base/cron_expression.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <sstream>
#include <string>

namespace millrace {
namespace {

constexpr int kFirstYear = 1970;
constexpr std::string_view kMonths[] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                        "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::string_view kWeekdays[] = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};
constexpr int kMonthDaysMax[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

/// What one field may hold.
struct FieldRule {
  std::string_view name;
  int first, last;
  const std::string_view* names = nullptr;  ///< of first, first + 1 …
  std::string_view allowed;                 ///< for people
};
constexpr FieldRule kSecond{"second", 0, 59, nullptr, "0 to 59"};
constexpr FieldRule kMinute{"minute", 0, 59, nullptr, "0 to 59"};
constexpr FieldRule kHour{"hour", 0, 23, nullptr, "0 to 23"};
constexpr FieldRule kMonthDay{"day of the month", 1, 31, nullptr, "1 to 31, L, LW or 15W"};
constexpr FieldRule kMonth{"month", 1, 12, kMonths, "1 to 12 or JAN to DEC"};
constexpr FieldRule kUnixWeekday{"weekday", 0, 7, kWeekdays,
                                 "0 to 7 (0 and 7 are Sunday) or SUN to SAT, 5L, 5#2"};
constexpr FieldRule kQuartzWeekday{"weekday", 1, 7, kWeekdays,
                                   "1 to 7 (1 is Sunday) or SUN to SAT, 6L, 6#2"};
constexpr FieldRule kYear{"year", kFirstYear, 2099, nullptr, "1970 to 2099"};

std::optional<int> NumberOf(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool digits = !text.empty() && text.front() != '-';
  if (error != std::errc() || end != text.data() + text.size() || !digits) return std::nullopt;
  return number;
}

/// The text before `mark`, and the text after it if it is there.
std::pair<std::string_view, std::optional<std::string_view>> Cut(std::string_view text, char mark) {
  const size_t at = text.find(mark);
  if (at == std::string_view::npos) return {text, std::nullopt};
  return {text.substr(0, at), text.substr(at + 1)};
}

/// One field of an expression, in capitals.
class CronField {
 public:
  CronField(const FieldRule& rule, std::string text) : rule_(rule), text_(std::move(text)) {}

  const std::string& text() const { return text_; }
  /// It restricts nothing.
  bool open() const { return text_ == "*" || text_ == "?"; }

  Status Fail() const {
    return ConfigError("the {} is {}; it may be {}", rule_.name, text_, rule_.allowed);
  }

  std::vector<std::string_view> Parts() const {
    std::vector<std::string_view> parts;
    std::optional<std::string_view> rest = text_;
    while (rest) {
      const auto [part, after] = Cut(*rest, ',');
      parts.push_back(part);
      rest = after;
    }
    return parts;
  }

  /// A number of the field's range, or one of its names.
  Result<int> Value(std::string_view text) const {
    if (const auto number = NumberOf(text)) {
      if (*number >= rule_.first && *number <= rule_.last) return *number;
      return Fail();
    }
    for (int value = rule_.first; rule_.names != nullptr && value <= rule_.last; ++value) {
      const int index = value - rule_.first;
      if (index < (rule_.names == kMonths ? 12 : 7) && rule_.names[index] == text) return value;
    }
    return Fail();
  }

  /// Adds the values of "*", "5", "1-5", "22-2", "*/15", "5/15" or "1-9/3" to `set`, less
  /// `offset`.
  template <size_t size>
  Status AddRange(std::string_view part, int offset, std::bitset<size>* set) const {
    const auto [range, step_text] = Cut(part, '/');
    int first = rule_.first, last = rule_.last;
    if (range != "*") {
      const auto [low, high] = Cut(range, '-');
      MR_ASSIGN_OR_RETURN(first, Value(low));
      if (high) {
        MR_ASSIGN_OR_RETURN(last, Value(*high));
      } else if (!step_text) {
        last = first;
      }
    }
    int step = 1;
    if (step_text) {
      const auto number = NumberOf(*step_text);
      if (!number || *number < 1 || *number > rule_.last) return Fail();
      step = *number;
    }
    const int count = rule_.last - rule_.first + 1;
    if (last < first && &rule_ == &kYear) return Fail();
    if (last < first) last += count;  // "22-2" goes on at the beginning
    for (int value = first; value <= last; value += step) {
      set->set(static_cast<size_t>((value - rule_.first) % count + rule_.first - offset));
    }
    return Status::Ok();
  }

  template <size_t size>
  Result<std::bitset<size>> Set(int offset = 0) const {
    std::bitset<size> set;
    for (const std::string_view part : Parts()) {
      MR_RETURN_IF_ERROR(AddRange(part, offset, &set));
    }
    return set;
  }

 private:
  const FieldRule& rule_;
  const std::string text_;
};

Status ReadMonthDays(const CronField& field, CronExpression* cron) {
  using Kind = CronMonthDay::Kind;
  for (const std::string_view part : field.Parts()) {
    if (part == "L" || part == "?") {
      if (part == "L") cron->special_days.push_back({Kind::kBeforeLast, 0, 0});
      if (part == "?") MR_RETURN_IF_ERROR(field.AddRange("*", 0, &cron->month_days));
    } else if (part == "LW") {
      cron->special_days.push_back({Kind::kLastWorkday, 0, 0});
    } else if (part.starts_with("L-")) {
      const auto number = NumberOf(part.substr(2));
      if (!number || *number > 30) return field.Fail();
      cron->special_days.push_back({Kind::kBeforeLast, *number, 0});
    } else if (part.ends_with('W')) {
      MR_ASSIGN_OR_RETURN(const int date, field.Value(part.substr(0, part.size() - 1)));
      cron->special_days.push_back({Kind::kWorkdayNearestDate, date, 0});
    } else {
      MR_RETURN_IF_ERROR(field.AddRange(part, 0, &cron->month_days));
    }
  }
  return Status::Ok();
}

/// `sunday` is what the form calls that day.
Status ReadWeekdays(const CronField& field, int sunday, CronExpression* cron) {
  using Kind = CronMonthDay::Kind;
  std::bitset<8> days;  // as the form counts, less `sunday`
  for (const std::string_view part : field.Parts()) {
    const auto [day, nth] = Cut(part, '#');
    if (part == "?") {
      MR_RETURN_IF_ERROR(field.AddRange("*", sunday, &days));
    } else if (part == "L") {
      days.set(6);
    } else if (nth) {
      MR_ASSIGN_OR_RETURN(const int weekday, field.Value(day));
      const auto number = NumberOf(*nth);
      if (!number || *number < 1 || *number > 5) return field.Fail();
      cron->special_days.push_back({Kind::kNthWeekday, *number, (weekday - sunday) % 7});
    } else if (part.ends_with('L')) {
      MR_ASSIGN_OR_RETURN(const int weekday, field.Value(part.substr(0, part.size() - 1)));
      cron->special_days.push_back({Kind::kLastWeekday, 0, (weekday - sunday) % 7});
    } else {
      MR_RETURN_IF_ERROR(field.AddRange(part, sunday, &days));
    }
  }
  for (size_t day = 0; day < days.size(); ++day) {
    if (days[day]) cron->weekdays.set(day % 7);
  }
  return Status::Ok();
}

/// 30 February and 31 April never come.
Status CheckThatItComes(const CronExpression& cron, const CronField& month_day) {
  if (cron.any_day_field || !cron.special_days.empty()) return Status::Ok();
  for (size_t month = 1; month <= 12; ++month) {
    if (!cron.months[month]) continue;
    for (int day = 1; day <= kMonthDaysMax[month - 1]; ++day) {
      if (cron.month_days[static_cast<size_t>(day)]) return Status::Ok();
    }
  }
  return ConfigError("the day of the month is {}; its months have no such day", month_day.text());
}

std::vector<std::string> FieldsOf(std::string_view text) {
  std::string capitals(text);
  for (char& c : capitals) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  std::istringstream words(capitals);
  std::vector<std::string> fields;
  for (std::string word; words >> word;) fields.push_back(word);
  return fields;
}

}  // namespace

Result<CronExpression> ParseCronExpression(std::string_view text) {
  std::vector<std::string> fields = FieldsOf(text);
  if (fields.size() < 5 || fields.size() > 7) {
    return ConfigError(
        "it has {}; write five, like \"0 2 * * 1-5\" (minute, hour, day of the month, "
        "month, weekday), or Quartz's six or seven (second first, year last)",
        fields.empty()       ? "no fields"
        : fields.size() == 1 ? "1 field"
                             : fmt::format("{} fields", fields.size()));
  }
  const bool quartz = fields.size() > 5;
  if (!quartz) fields.insert(fields.begin(), "0");
  const CronField second(kSecond, fields[0]), minute(kMinute, fields[1]), hour(kHour, fields[2]);
  const CronField month_day(kMonthDay, fields[3]), month(kMonth, fields[4]);
  const CronField weekday(quartz ? kQuartzWeekday : kUnixWeekday, fields[5]);
  const CronField year(kYear, fields.size() > 6 ? fields[6] : "*");

  CronExpression cron;
  MR_ASSIGN_OR_RETURN(cron.seconds, second.Set<60>());
  MR_ASSIGN_OR_RETURN(cron.minutes, minute.Set<60>());
  MR_ASSIGN_OR_RETURN(cron.hours, hour.Set<24>());
  MR_RETURN_IF_ERROR(ReadMonthDays(month_day, &cron));
  MR_ASSIGN_OR_RETURN(cron.months, month.Set<13>());
  MR_RETURN_IF_ERROR(ReadWeekdays(weekday, quartz ? 1 : 0, &cron));
  MR_ASSIGN_OR_RETURN(cron.years, year.Set<130>(kFirstYear));
  if (cron.seconds.count() > 1) {
    return ConfigError("the second is {}: that comes more than once a minute; name one second",
                       second.text());
  }
  if (quartz && (month_day.text() == "?") == (weekday.text() == "?")) {
    return ConfigError(
        "the day of the month is {} and the weekday is {}; with a field for seconds, exactly one "
        "of the two must be \"?\"",
        month_day.text(), weekday.text());
  }
  cron.any_day_field = !month_day.open() && !weekday.open();
  MR_RETURN_IF_ERROR(CheckThatItComes(cron, month_day));
  return cron;
}

}  // namespace millrace
