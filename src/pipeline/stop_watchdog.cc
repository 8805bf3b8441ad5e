#include "pipeline/stop_watchdog.h"

namespace millrace {

StopWatchdog::StopWatchdog(std::function<void()> stuck)
    : stuck_(std::move(stuck)), thread_([this] { Watch(); }) {}

StopWatchdog::~StopWatchdog() {
  {
    std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
}

void StopWatchdog::Arm(Deadline deadline) {
  {
    std::lock_guard lock(mutex_);
    if (deadline.when() >= deadline_.when()) return;
    deadline_ = deadline;
  }
  changed_.notify_all();
}

void StopWatchdog::Watch() {
  {
    std::unique_lock lock(mutex_);
    while (!ended_ && !deadline_.Passed()) {
      if (deadline_.never()) {
        changed_.wait(lock);
      } else {
        changed_.wait_until(lock, deadline_.when());
      }
    }
    if (ended_) return;
  }
  stuck_();
}

}  // namespace millrace
