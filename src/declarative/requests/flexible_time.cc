#include "declarative/requests/flexible_time.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <chrono>

namespace millrace {
namespace {

using std::chrono::microseconds;

/// Reads pieces of a text from its front.
class TimeScanner {
 public:
  explicit TimeScanner(std::string_view text) : rest_(text) {}

  std::optional<int> Digits(size_t least, size_t most) {
    size_t count = 0;
    while (count < std::min(most, rest_.size()) &&
           std::isdigit(static_cast<unsigned char>(rest_[count])) != 0) {
      ++count;
    }
    if (count < least) return std::nullopt;
    int value = 0;
    std::from_chars(rest_.data(), rest_.data() + count, value);
    rest_.remove_prefix(count);
    return value;
  }
  bool Take(std::string_view any_of) {
    if (rest_.empty() || any_of.find(rest_[0]) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  char front() const { return rest_.empty() ? '\0' : rest_[0]; }
  bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

/// Behind the seconds' point: six digits count.
int Microseconds(TimeScanner& scanner) {
  int value = 0;
  int digits = 0;
  while (const auto digit = scanner.Digits(1, 1)) {
    if (digits < 6) value = value * 10 + *digit;
    ++digits;
  }
  for (; digits < 6; ++digits) value *= 10;
  return value;
}

/// "Z", "+02:00", "-0500", "+02", or nothing; none when it is something else.
std::optional<int> OffsetMinutes(TimeScanner& scanner) {
  while (scanner.Take(" ")) {
  }
  if (scanner.done()) return 0;
  if (scanner.Take("Zz")) return scanner.done() ? std::optional<int>(0) : std::nullopt;
  const char sign = scanner.front();
  if (!scanner.Take("+-")) return std::nullopt;
  const auto hours = scanner.Digits(2, 2);
  scanner.Take(":");
  const int minutes = scanner.Digits(2, 2).value_or(0);
  if (!hours || !scanner.done() || *hours > 23 || minutes > 59) return std::nullopt;
  return (sign == '-' ? -1 : 1) * (*hours * 60 + minutes);
}

std::optional<FlexibleTime> ParseIso(std::string_view text) {
  TimeScanner scanner(text);
  const auto year = scanner.Digits(4, 4);
  scanner.Take("-/");
  const auto month = scanner.Digits(1, 2);
  scanner.Take("-/");
  const auto day = scanner.Digits(1, 2);
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  FlexibleTime time{WallTime(std::chrono::sys_days(date)), 0};
  if (scanner.done()) return time;
  if (!scanner.Take("Tt ")) return std::nullopt;
  const auto hour = scanner.Digits(2, 2);
  scanner.Take(":");
  const auto minute = scanner.Digits(2, 2);
  if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
  scanner.Take(":");
  const int second = scanner.Digits(2, 2).value_or(0);
  const int fraction = scanner.Take(".,") ? Microseconds(scanner) : 0;
  const auto offset = OffsetMinutes(scanner);
  if (!offset || second > 59) return std::nullopt;
  time.offset_minutes = *offset;
  time.when += std::chrono::hours(*hour) + std::chrono::minutes(*minute - *offset) +
               std::chrono::seconds(second) + microseconds(fraction);
  return time;
}

}  // namespace

std::string FlexibleTime::ToString() const {
  const WallTime local = when + std::chrono::minutes(offset_minutes);
  const auto days = std::chrono::floor<std::chrono::days>(local);
  const std::chrono::year_month_day date(days);
  const std::chrono::hh_mm_ss time(local - days);
  std::string text =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  time.hours().count(), time.minutes().count(), time.seconds().count());
  if (time.subseconds().count() != 0) text += fmt::format(".{:06}", time.subseconds().count());
  const int offset = std::abs(offset_minutes);
  return text +
         fmt::format("{}{:02}:{:02}", offset_minutes < 0 ? '-' : '+', offset / 60, offset % 60);
}

std::optional<FlexibleTime> ParseFlexibleTime(std::string_view text) {
  const bool digits = !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isdigit(c) != 0;
  });
  if (digits) {
    if (text.size() > 10) return std::nullopt;
    int64_t seconds = 0;
    std::from_chars(text.data(), text.data() + text.size(), seconds);
    return FlexibleTime{WallTime(std::chrono::seconds(seconds)), 0};
  }
  if (auto time = ParseIso(text)) return time;
  const time_t when = curl_getdate(std::string(text).c_str(), nullptr);
  if (when < 0) return std::nullopt;
  return FlexibleTime{WallTime(std::chrono::seconds(when)), 0};
}

}  // namespace millrace
