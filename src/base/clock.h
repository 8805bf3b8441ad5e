#pragma once

#include <chrono>

namespace millrace {

using SteadyTime = std::chrono::steady_clock::time_point;
/// Microseconds since 1970-01-01 UTC.
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;

/// Where time comes from. Passed to whatever waits or stamps, so that tests own it. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual SteadyTime Now() const = 0;
  virtual WallTime WallNow() const = 0;

  /// The machine's clocks; lives for ever.
  static const Clock& System();
};

}  // namespace millrace
