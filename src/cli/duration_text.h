#pragma once

#include <chrono>
#include <string_view>

#include "base/result.h"

namespace millrace {

/// "5 min", "30s", "6 hours", "1 day", "0". A config error without a unit (unless 0), below zero
/// or above ten years.
Result<std::chrono::milliseconds> ParseDuration(std::string_view text);

/// "850 ms", "4.2 s", "3 min 20 s", "2 h 5 min": for people.
std::string DurationText(std::chrono::milliseconds span);

}  // namespace millrace
