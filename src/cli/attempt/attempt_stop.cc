#include "cli/attempt/attempt_stop.h"

#include "subprocess/forced_exit.h"

namespace millrace {

AttemptStop::AttemptStop() : watchdog_([this](std::stop_token stop) { Watch(stop); }) {}

AttemptStop::~AttemptStop() {
  watchdog_.request_stop();
  watchdog_.join();
}

void AttemptStop::CancelOrDie(std::chrono::milliseconds limit) {
  Cancel();
  std::lock_guard lock(mutex_);
  dies_at_ = std::min(dies_at_, std::chrono::steady_clock::now() + limit);
  changed_.notify_all();
}

void AttemptStop::Watch(std::stop_token stop) {
  using Time = std::chrono::steady_clock::time_point;
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    if (dies_at_ == Time::max()) {
      changed_.wait(lock, stop, [this] { return dies_at_ != Time::max(); });
      continue;
    }
    changed_.wait_until(lock, stop, dies_at_, [] { return false; });
    if (stop.stop_requested() || std::chrono::steady_clock::now() < dies_at_) continue;
    // Nothing durable is harmed: it is as if the process had crashed.
    LeaveAtOnce(1);
  }
}

}  // namespace millrace
