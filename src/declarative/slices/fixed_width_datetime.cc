#include "declarative/slices/fixed_width_datetime.h"

#include <array>
#include <chrono>

#include "base/micros_per_day.h"

namespace millrace {
namespace {

namespace chrono = std::chrono;

constexpr int64_t kMicrosPerSecond = 1'000'000, kSecondsPerMinute = 60;

/// The directives in the order of FixedWidthDatetime::Part, and the digits of those that are
/// numbers.
constexpr std::string_view kDirectives = "YmdHMSfz";
constexpr std::array<size_t, 6> kWidths = {4, 2, 2, 2, 2, 2};

bool Has(std::string_view text, char c) { return text.find(c) != std::string_view::npos; }

/// `width` digits at the front of `text`, which are taken off; -1: there are none.
int TakeNumber(size_t width, std::string_view* text) {
  if (text->size() < width) return -1;
  int number = 0;
  for (const char c : text->substr(0, width)) {
    if (c < '0' || c > '9') return -1;
    number = number * 10 + (c - '0');
  }
  text->remove_prefix(width);
  return number;
}

/// One to six digits, as microseconds; -1: there are none.
int TakeFraction(std::string_view* text) {
  int micros = 0;
  size_t width = 0;
  for (; width < 6 && width < text->size(); ++width) {
    const char c = (*text)[width];
    if (c < '0' || c > '9') break;
    micros = micros * 10 + (c - '0');
  }
  if (width == 0) return -1;
  text->remove_prefix(width);
  for (; width < 6; ++width) micros *= 10;
  return micros;
}

/// "Z", "+0130" or "+01:30".
std::optional<int64_t> TakeZone(std::string_view* text) {
  if (text->empty()) return std::nullopt;
  const char sign = text->front();
  text->remove_prefix(1);
  if (sign == 'Z') return 0;
  if (sign != '+' && sign != '-') return std::nullopt;
  const int hours = TakeNumber(2, text);
  if (!text->empty() && text->front() == ':') text->remove_prefix(1);
  const int minutes = TakeNumber(2, text);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
  const int64_t micros = (hours * 60 + minutes) * kSecondsPerMinute * kMicrosPerSecond;
  return sign == '-' ? -micros : micros;
}

void AppendNumber(int64_t number, size_t width, std::string* text) {
  std::array<char, 8> digits;
  for (size_t i = width; i > 0; --i) {
    digits[i - 1] = static_cast<char>('0' + number % 10);
    number /= 10;
  }
  text->append(digits.data(), width);
}

}  // namespace

FixedWidthDatetime::FixedWidthDatetime(std::string_view format) {
  std::string seen;
  bool writes = true;
  std::vector<Step> steps;
  for (size_t i = 0; i < format.size(); ++i) {
    const char c = format[i];
    if (c != '%') {
      if (c < ' ' || c > '~') return;
      steps.push_back({kLiteral, c});
      continue;
    }
    const std::string_view rest = format.substr(i + 1);
    char directive = rest.empty() ? '%' : rest.front();
    if (rest.starts_with("_ms")) {  // reads like %f
      directive = 'f';
      writes = false;
      i += 2;
    }
    if (!Has(kDirectives, directive) || Has(seen, directive)) return;
    seen += directive;
    steps.push_back({static_cast<Part>(kDirectives.find(directive)), 0});
    ++i;
  }
  if (!Has(seen, 'Y') || !Has(seen, 'm') || !Has(seen, 'd')) return;
  steps_ = std::move(steps);
  writes_ = writes;
}

std::optional<CursorTime> FixedWidthDatetime::Read(std::string_view text) const {
  if (steps_.empty()) return std::nullopt;
  std::array<int, kWidths.size()> numbers{};
  int micros = 0;
  int64_t offset = 0;
  for (const Step& step : steps_) {
    if (step.part == kLiteral) {
      if (text.empty() || text.front() != step.literal) return std::nullopt;
      text.remove_prefix(1);
    } else if (step.part == kFraction) {
      micros = TakeFraction(&text);
    } else if (step.part == kZone) {
      const std::optional<int64_t> zone = TakeZone(&text);
      if (!zone) return std::nullopt;
      offset = *zone;
    } else {
      numbers[step.part] = TakeNumber(kWidths[step.part], &text);
    }
  }
  const auto [year, month, day, hour, minute, second] = numbers;
  const chrono::year_month_day date{chrono::year(year), chrono::month(static_cast<unsigned>(month)),
                                    chrono::day(static_cast<unsigned>(day))};
  if (!text.empty() || year < 1 || month < 1 || day < 1 || !date.ok() || hour < 0 || hour > 23 ||
      minute < 0 || minute > 59 || second < 0 || second > 59 || micros < 0) {
    return std::nullopt;
  }
  const int64_t days = chrono::sys_days(date).time_since_epoch().count();
  const int64_t seconds = (hour * 60 + minute) * kSecondsPerMinute + second;
  return CursorTime{days * kMicrosPerDay + seconds * kMicrosPerSecond + micros - offset, offset};
}

std::optional<std::string> FixedWidthDatetime::Write(CursorTime time) const {
  const int64_t offset_minutes = time.offset_us / kMicrosPerSecond / kSecondsPerMinute;
  if (!writes_ || offset_minutes * kSecondsPerMinute * kMicrosPerSecond != time.offset_us) {
    return std::nullopt;
  }
  const int64_t days = DayOf(time);
  const chrono::year_month_day date{chrono::sys_days(chrono::days(days))};
  const int year = static_cast<int>(date.year());
  if (year < 1000 || year > 9999) return std::nullopt;
  const int64_t micros = time.micros + time.offset_us - days * kMicrosPerDay;
  const int64_t seconds = micros / kMicrosPerSecond;
  const std::array<int64_t, kWidths.size()> numbers = {year,
                                                       static_cast<unsigned>(date.month()),
                                                       static_cast<unsigned>(date.day()),
                                                       seconds / 3600,
                                                       seconds / 60 % 60,
                                                       seconds % 60};
  std::string text;
  text.reserve(steps_.size() * 3);
  for (const Step& step : steps_) {
    if (step.part == kLiteral) {
      text += step.literal;
    } else if (step.part == kFraction) {
      AppendNumber(micros % kMicrosPerSecond, 6, &text);
    } else if (step.part == kZone) {
      text += offset_minutes < 0 ? '-' : '+';
      const int64_t minutes = offset_minutes < 0 ? -offset_minutes : offset_minutes;
      AppendNumber(minutes / 60 * 100 + minutes % 60, 4, &text);
    } else {
      AppendNumber(numbers[step.part], kWidths[step.part], &text);
    }
  }
  return text;
}

}  // namespace millrace
