#pragma once

#include <chrono>
#include <mutex>
#include <set>

#include "base/clock.h"

namespace millrace {

/// The calls of a running sync into its destination, so that somebody can tell a destination that
/// has stopped answering from a source that has nothing to say. Owned by the run. Thread-safe.
class DestinationCalls {
 public:
  explicit DestinationCalls(const Clock& clock) : clock_(clock) {}

  /// Counts as a call while it lives.
  class Call {
   public:
    explicit Call(DestinationCalls& calls);
    ~Call();
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

   private:
    DestinationCalls& calls_;
    std::multiset<SteadyTime>::iterator began_;
  };

  /// How long the one that began first of those under way has lasted; 0 when there is none.
  std::chrono::milliseconds Longest() const;

 private:
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::multiset<SteadyTime> began_;  // guarded by mutex_
};

}  // namespace millrace
