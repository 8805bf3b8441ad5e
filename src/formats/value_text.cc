#include "formats/value_text.h"

#include <arrow/type.h>
#include <fmt/compile.h>
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <iterator>

namespace millrace {
namespace {

constexpr int64_t kSecondsPerDay = 86'400;

struct UnitScale {
  int64_t per_second;
  int digits;
};

UnitScale ScaleOf(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return {1, 0};
    case arrow::TimeUnit::MILLI:
      return {1'000, 3};
    case arrow::TimeUnit::MICRO:
      return {1'000'000, 6};
    case arrow::TimeUnit::NANO:
      break;
  }
  return {1'000'000'000, 9};
}

/// a / b rounded down; the remainder, never negative, goes to `rest`.
int64_t FloorDivide(int64_t a, int64_t b, int64_t& rest) {
  int64_t quotient = a / b;
  rest = a % b;
  if (rest < 0) {
    rest += b;
    --quotient;
  }
  return quotient;
}

void AppendClock(int64_t second_of_day, int64_t fraction, int digits, std::string& out) {
  fmt::format_to(std::back_inserter(out), FMT_COMPILE("{:02}:{:02}:{:02}"), second_of_day / 3600,
                 second_of_day / 60 % 60, second_of_day % 60);
  if (fraction != 0) fmt::format_to(std::back_inserter(out), ".{:0{}}", fraction, digits);
}

/// The date; true when it is before year 1 and needs " BC" at the text's end.
bool AppendCalendar(int64_t days, std::string& out) {
  // Days since 0000-03-01 in 400-year eras: the proleptic Gregorian calendar for any int64 day.
  int64_t day_of_era = 0;
  const int64_t era = FloorDivide(days + 719'468, 146'097, day_of_era);
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted_month = (5 * day_of_year + 2) / 153;  // 0 is March
  const int64_t day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  fmt::format_to(std::back_inserter(out), FMT_COMPILE("{:04}-{:02}-{:02}"),
                 year > 0 ? year : 1 - year, month, day);
  return year <= 0;
}

}  // namespace

void AppendDate(int64_t days, std::string& out) {
  if (AppendCalendar(days, out)) out += " BC";
}

void AppendTimestamp(int64_t value, arrow::TimeUnit::type unit, bool utc, std::string& out) {
  const UnitScale scale = ScaleOf(unit);
  int64_t fraction = 0;
  int64_t second_of_day = 0;
  const int64_t seconds = FloorDivide(value, scale.per_second, fraction);
  const bool bc = AppendCalendar(FloorDivide(seconds, kSecondsPerDay, second_of_day), out);
  out += 'T';
  AppendClock(second_of_day, fraction, scale.digits, out);
  if (utc) out += 'Z';
  if (bc) out += " BC";
}

void AppendTime(int64_t value, arrow::TimeUnit::type unit, std::string& out) {
  const UnitScale scale = ScaleOf(unit);
  int64_t fraction = 0;
  const int64_t seconds = FloorDivide(value, scale.per_second, fraction);
  AppendClock(seconds, fraction, scale.digits, out);
}

void AppendDouble(double value, std::string& out) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  fmt::format_to(std::back_inserter(out), FMT_COMPILE("{}"), value);
}

void AppendFloat(float value, std::string& out) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  fmt::format_to(std::back_inserter(out), FMT_COMPILE("{}"), value);
}

void AppendBase64(std::string_view bytes, std::string& out) {
  static constexpr char kAlphabet[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto byte = [&](size_t i) -> uint32_t {
    return i < bytes.size() ? static_cast<uint8_t>(bytes[i]) : 0;
  };
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const uint32_t group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    out += kAlphabet[group >> 18];
    out += kAlphabet[group >> 12 & 63];
    out += i + 1 < bytes.size() ? kAlphabet[group >> 6 & 63] : '=';
    out += i + 2 < bytes.size() ? kAlphabet[group & 63] : '=';
  }
}

void AppendJsonString(std::string_view text, std::string& out) {
  out += '"';
  size_t from = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, from, i - from);
    from = i + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        fmt::format_to(std::back_inserter(out), FMT_COMPILE("\\u{:04x}"), c);
    }
  }
  out.append(text, from, text.size() - from);
  out += '"';
}

}  // namespace millrace
