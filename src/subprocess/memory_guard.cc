#include "subprocess/memory_guard.h"

#include <condition_variable>
#include <mutex>

namespace millrace {

MemoryGuard::MemoryGuard(ProcessFamily& family, int64_t limit_bytes, std::function<void()> kill)
    : limit_bytes_(limit_bytes),
      kill_(std::move(kill)),
      gauge_([&family] { return family.Running(); }),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

void MemoryGuard::Run(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any pause;
  std::unique_lock lock(mutex);
  while (!stop.stop_requested()) {
    if (const int64_t used = gauge_.Bytes(); used > limit_bytes_) {
      killed_at_bytes_ = used;
      return kill_();
    }
    pause.wait_for(lock, stop, MemoryGauge::kPause, [] { return false; });
  }
}

}  // namespace millrace
