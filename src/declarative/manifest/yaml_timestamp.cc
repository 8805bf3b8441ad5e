#include "declarative/manifest/yaml_timestamp.h"

#include <optional>

#include "declarative/jinja/py_time.h"

namespace millrace {
namespace {

/// The parts as they are written; no check yet whether there is such a day.
struct WrittenTime {
  int year = 0, month = 0, day = 0;
  bool padded = true;  ///< month and day have two digits
  bool has_time = false;
  int hour = 0, minute = 0, second = 0, microsecond = 0;
  std::optional<int> offset_s;
};

/// Reads a timestamp's text from the front.
class TimeScanner {
 public:
  explicit TimeScanner(std::string_view text) : rest_(text) {}

  std::optional<WrittenTime> Scan() {
    WrittenTime time;
    size_t month_digits = 0, day_digits = 0;
    if (!Number(4, 4, &time.year) || !Take('-')) return std::nullopt;
    if (!Number(1, 2, &time.month, &month_digits) || !Take('-')) return std::nullopt;
    if (!Number(1, 2, &time.day, &day_digits)) return std::nullopt;
    time.padded = month_digits == 2 && day_digits == 2;
    if (rest_.empty()) return time;
    time.has_time = true;
    if (!Take('T') && !Take('t') && !Blanks()) return std::nullopt;
    if (!Number(1, 2, &time.hour) || !Take(':') || !Number(2, 2, &time.minute) || !Take(':') ||
        !Number(2, 2, &time.second)) {
      return std::nullopt;
    }
    Fraction(&time);
    if (!Offset(&time) || !rest_.empty()) return std::nullopt;
    return time;
  }

 private:
  bool Take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool Blanks() {
    bool any = false;
    while (Take(' ') || Take('\t')) any = true;
    return any;
  }
  bool Number(size_t digits_min, size_t digits_max, int* number, size_t* digits = nullptr) {
    size_t count = 0;
    *number = 0;
    while (count < digits_max && !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9') {
      *number = *number * 10 + (rest_[0] - '0');
      rest_.remove_prefix(1);
      ++count;
    }
    if (digits != nullptr) *digits = count;
    return count >= digits_min;
  }
  /// Digits behind the sixth are dropped.
  void Fraction(WrittenTime* time) {
    if (!Take('.')) return;
    int unit = 100'000;
    for (; !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; rest_.remove_prefix(1)) {
      time->microsecond += (rest_[0] - '0') * unit;
      unit /= 10;
    }
  }
  bool Offset(WrittenTime* time) {
    Blanks();
    if (Take('Z')) {
      time->offset_s = 0;
      return true;
    }
    const bool negative = Take('-');
    if (!negative && !Take('+')) return true;
    int hours = 0, minutes = 0;
    if (!Number(1, 2, &hours)) return false;
    if (Take(':') && !Number(2, 2, &minutes)) return false;
    time->offset_s = (negative ? -1 : 1) * (hours * 3600 + minutes * 60);
    return true;
  }

  std::string_view rest_;
};

}  // namespace

bool IsYamlTimestamp(std::string_view text) {
  const std::optional<WrittenTime> time = TimeScanner(text).Scan();
  return time.has_value() && (time->has_time || time->padded);
}

Result<PyValue> MakeYamlTimestamp(std::string_view text) {
  constexpr int kDay = 86'400;
  const std::optional<WrittenTime> time = TimeScanner(text).Scan();
  if (!time.has_value()) return ConfigError("'{}' is no timestamp", text);
  if (!time->has_time) {
    const Result<int64_t> day = PyDayOf(time->year, time->month, time->day);
    if (!day.ok()) return ConfigError("'{}' is no date", text);
    return PyDate::Make(*day);
  }
  const Result<int64_t> local = PyCivilTime{.year = time->year,
                                            .month = time->month,
                                            .day = time->day,
                                            .hour = time->hour,
                                            .minute = time->minute,
                                            .second = time->second,
                                            .microsecond = time->microsecond}
                                    .LocalMicros();
  const int offset_s = time->offset_s.value_or(0);
  if (!local.ok() || offset_s <= -kDay || offset_s >= kDay) {
    return ConfigError("'{}' is no time", text);
  }
  PyMoment moment{.local_us = *local};
  if (time->offset_s.has_value()) {
    moment.zone =
        offset_s == 0 ? kPyUtc : PyZone{PyZone::Class::kFixed, int64_t{offset_s} * 1'000'000};
  }
  return PyDateTime::Make(moment);
}

}  // namespace millrace
