#include "formats/iso_time.h"

#include <array>

#include "base/micros_per_day.h"
#include "formats/digit_run.h"

namespace millrace {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;

/// Two digits at `p`; above 99 when they are none.
unsigned TwoDigits(const char* p) {
  const unsigned tens = static_cast<unsigned char>(p[0]) - '0';
  const unsigned ones = static_cast<unsigned char>(p[1]) - '0';
  return tens > 9 || ones > 9 ? 1000 : tens * 10 + ones;
}

/// Days from 1970-01-01 to the first day of each year, and of the one after the last.
constexpr std::array<int32_t, 10'001> kYearStarts = [] {
  std::array<int32_t, 10'001> starts{};
  starts[1] = -719'162;
  for (int year = 1; year < 10'000; ++year) {
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    starts[static_cast<size_t>(year) + 1] = starts[static_cast<size_t>(year)] + (leap ? 366 : 365);
  }
  return starts;
}();

/// Days before the month in a year without a leap day.
constexpr int kDaysBefore[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
constexpr unsigned kDaysIn[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

std::optional<int32_t> DateAt(const char* p) {
  // "yyyy-mm-" at once: what is left of each character must be a digit's value, or nothing.
  const uint64_t word = LoadDigits(p, 8) ^ 0x2D30302D30303030;
  if (((word | (word + 0x7F76767F76767676)) & 0x8080808080808080) != 0) return std::nullopt;
  const auto digit = [word](int at) { return static_cast<unsigned>(word >> (8 * at)) & 0xFF; };
  const unsigned year = digit(0) * 1000 + digit(1) * 100 + digit(2) * 10 + digit(3);
  const unsigned month = digit(5) * 10 + digit(6);
  const unsigned day = TwoDigits(p + 8);
  if (year == 0 || month < 1 || month > 12 || day < 1) return std::nullopt;
  const bool leap = kYearStarts[year + 1] - kYearStarts[year] == 366;
  if (day > kDaysIn[month - 1] + (leap && month == 2 ? 1 : 0)) return std::nullopt;
  return kYearStarts[year] + kDaysBefore[month - 1] + (leap && month > 2 ? 1 : 0) +
         static_cast<int>(day) - 1;
}

/// Reads "hh:mm[:ss[.f]]" from the front of `text`.
std::optional<int64_t> TakeTime(std::string_view& text, bool* exact) {
  if (text.size() < 5 || text[2] != ':') return std::nullopt;
  const unsigned hour = TwoDigits(text.data()), minute = TwoDigits(text.data() + 3);
  if (hour > 23 || minute > 59) return std::nullopt;
  int64_t micros = (hour * 3600 + minute * 60) * kMicrosPerSecond;
  text.remove_prefix(5);
  if (text.size() < 3 || text[0] != ':') return micros;
  const unsigned second = TwoDigits(text.data() + 1);
  if (second > 59) return std::nullopt;
  micros += second * kMicrosPerSecond;
  text.remove_prefix(3);
  if (text.empty() || text[0] != '.') return micros;
  size_t digits = 0;
  int64_t unit = kMicrosPerSecond;
  for (text.remove_prefix(1); digits < text.size(); ++digits) {
    const unsigned digit = static_cast<unsigned char>(text[digits]) - '0';
    if (digit > 9) break;
    unit /= 10;
    if (unit == 0 && digit != 0) *exact = false;
    micros += digit * unit;
  }
  if (digits == 0) return std::nullopt;
  text.remove_prefix(digits);
  return micros;
}

/// The offset that `text` is, in microseconds east of UTC.
std::optional<int64_t> ZoneOffset(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() < 3 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const unsigned hours = TwoDigits(text.data() + 1);
  unsigned minutes = 0;
  if (text.size() == 5) {
    minutes = TwoDigits(text.data() + 3);
  } else if (text.size() == 6 && text[3] == ':') {
    minutes = TwoDigits(text.data() + 4);
  } else if (text.size() != 3) {
    return std::nullopt;
  }
  if (hours > 18 || minutes > 59) return std::nullopt;
  const int64_t offset = (hours * 3600 + minutes * 60) * kMicrosPerSecond;
  return text[0] == '-' ? -offset : offset;
}

}  // namespace

std::optional<int32_t> ParseIsoDate(std::string_view text) {
  if (text.size() != 10) return std::nullopt;
  return DateAt(text.data());
}

std::optional<IsoTimestamp> ParseIsoTimestamp(std::string_view text) {
  if (text.size() < 16 || (text[10] != 'T' && text[10] != ' ' && text[10] != 't')) {
    return std::nullopt;
  }
  const std::optional<int32_t> days = DateAt(text.data());
  if (!days) return std::nullopt;
  text.remove_prefix(11);
  IsoTimestamp result;
  const std::optional<int64_t> time = TakeTime(text, &result.exact);
  if (!time) return std::nullopt;
  result.micros = *days * kMicrosPerDay + *time;
  result.has_zone = !text.empty();
  if (text.empty()) return result;
  const std::optional<int64_t> offset = ZoneOffset(text);
  if (!offset) return std::nullopt;
  result.micros -= *offset;
  result.offset_micros = *offset;
  return result;
}

std::optional<int64_t> ParseIsoTime(std::string_view text) {
  bool exact = true;
  const std::optional<int64_t> micros = TakeTime(text, &exact);
  return text.empty() && exact ? micros : std::nullopt;
}

}  // namespace millrace
