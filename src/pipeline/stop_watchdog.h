#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "base/deadline.h"

namespace millrace {

/// Waits beside a sync that was told to stop: when it has not come back by its deadline, a call
/// into a connector or a server hangs, and someone has to be told, by a thread that does not.
class StopWatchdog {
 public:
  /// `stuck` is called at most once, from the watchdog's thread.
  explicit StopWatchdog(std::function<void()> stuck);
  /// Ends the watch; waits for a `stuck` that is under way.
  ~StopWatchdog();

  /// Starts the watch, or shortens it; a later deadline than the one set changes nothing.
  void Arm(Deadline deadline);

 private:
  void Watch();

  const std::function<void()> stuck_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Deadline deadline_ = Deadline::Never();  // guarded by mutex_
  bool ended_ = false;                     // guarded by mutex_
  std::jthread thread_;
};

}  // namespace millrace
