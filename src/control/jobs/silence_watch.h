#pragma once

#include <chrono>
#include <optional>

#include "base/clock.h"

namespace millrace {

/// How long an attempt's ends may be silent; Airbyte's numbers.
struct SilenceLimits {
  std::chrono::seconds source{10'800};       ///< nothing is read or written
  std::chrono::seconds destination{86'400};  ///< one write, commit or end of a table goes on
};

/// Decides whether a running attempt has been silent for too long, and whose silence it is. While
/// it waits for its destination its source is not to blame: it may not even be asked for more. But
/// an attempt that does not say any more that it waits is silent itself. One thread.
class SilenceWatch {
 public:
  enum class Verdict { kNone, kSource, kDestination };

  SilenceWatch(const SilenceLimits& limits, SteadyTime now) : limits_(limits), last_sign_(now) {}

  /// Something was read, written or saved.
  void Moved(SteadyTime now) { last_sign_ = now; }
  /// The attempt said how long it has been waiting for its destination; 0: it doesn't any more.
  void DestinationWaits(std::chrono::milliseconds span, SteadyTime now);

  Verdict Look(SteadyTime now) const;

 private:
  const SilenceLimits limits_;
  SteadyTime last_sign_;
  std::optional<SteadyTime> destination_since_;
};

}  // namespace millrace
