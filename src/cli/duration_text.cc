#include "cli/duration_text.h"

#include <charconv>

namespace millrace {
namespace {

struct Unit {
  std::string_view name;
  double millis;
};
constexpr Unit kUnits[] = {
    {"ms", 1},          {"millisecond", 1},    {"s", 1000},       {"sec", 1000},
    {"second", 1000},   {"m", 60'000},         {"min", 60'000},   {"minute", 60'000},
    {"h", 3'600'000},   {"hour", 3'600'000},   {"d", 86'400'000}, {"day", 86'400'000},
    {"w", 604'800'000}, {"week", 604'800'000},
};

}  // namespace

Result<std::chrono::milliseconds> ParseDuration(std::string_view text) {
  constexpr double kLongestMillis = 10 * 366 * 86'400'000.0;
  double count = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  std::string_view unit = text.substr(static_cast<size_t>(at - text.data()));
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  const bool number = error == std::errc() && count >= 0;
  if (number && count == 0 && unit.empty()) return std::chrono::milliseconds(0);
  for (const Unit& known : kUnits) {
    const bool plural =
        unit.size() == known.name.size() + 1 && unit.starts_with(known.name) && unit.back() == 's';
    if (!number || (unit != known.name && !(plural && known.name.size() > 1))) continue;
    const double millis = count * known.millis;
    if (millis <= kLongestMillis) {
      return std::chrono::milliseconds(static_cast<int64_t>(millis));
    }
  }
  return ConfigError("\"{}\" is not a span of time; write it like 30 s, 5 min, 6 hours or 1 day",
                     text);
}

std::string DurationText(std::chrono::milliseconds span) {
  const int64_t millis = span.count();
  if (millis < 1000) return fmt::format("{} ms", millis);
  if (millis < 60'000) return fmt::format("{:.1f} s", static_cast<double>(millis) / 1000);
  const int64_t seconds = millis / 1000;
  if (seconds < 3600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  return fmt::format("{} h {} min", seconds / 3600, seconds % 3600 / 60);
}

}  // namespace millrace
