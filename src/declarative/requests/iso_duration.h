#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace millrace {

/// A duration of ISO 8601 ("PT2H", "P1DT30M", "P2W", fractions with point or comma). None: it is
/// no duration, or is longer than a thousand years.
struct IsoDuration {
  std::chrono::microseconds span{0};
  /// Years and months among it, counted as 365 and 30 days.
  bool calendar = false;
};
std::optional<IsoDuration> ParseIsoDuration(std::string_view text);

}  // namespace millrace
