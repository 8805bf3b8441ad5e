#pragma once

#include <chrono>
#include <functional>
#include <thread>

#include "pipeline/destination_calls.h"

namespace millrace {

/// Tells how long a sync waits for its destination: every second while a call into it lasts longer
/// than that, and once when none does any more. In a thread of its own: the one that commits is the
/// one that waits. Owned by RunSync; ends with it.
class DestinationWatch {
 public:
  /// `tell`: 0 when nothing lasts any more. Must not block for long.
  DestinationWatch(const DestinationCalls& calls,
                   std::function<void(std::chrono::milliseconds)> tell);

 private:
  void Watch(const std::stop_token& stop) const;

  const DestinationCalls& calls_;
  const std::function<void(std::chrono::milliseconds)> tell_;
  std::jthread thread_;  // last: it uses the above
};

}  // namespace millrace
