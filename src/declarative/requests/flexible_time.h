#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace millrace {

/// A moment with the offset from UTC that it was written with. A plain value.
struct FlexibleTime {
  WallTime when;
  int offset_minutes = 0;

  /// ISO 8601 with the offset, microseconds only when there are any: "2024-03-10T13:00:00+00:00".
  std::string ToString() const;
};

/// Reads what APIs write for a moment: seconds since 1970 (at most ten digits), dates, ISO 8601,
/// and the forms of mail and HTTP headers. Without an offset it is UTC. None: it can't be read.
std::optional<FlexibleTime> ParseFlexibleTime(std::string_view text);

}  // namespace millrace
