#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "control/worker/tracked_process.h"
#include "subprocess/memory_gauge.h"

namespace millrace {

/// Kills attempts that use more memory than they may, where the kernel can't be told to: looks ten
/// times a second at what each attempt's processes hold for themselves. Owned by the launcher;
/// thread-safe; its thread sleeps while there is nothing to watch.
class MemoryWatchdog {
 public:
  /// One attempt's watch; ends when it is destroyed.
  class Watch {
   public:
    Watch(const ProcessIdentity& leader, int64_t limit_bytes);

    /// What the attempt used when it was killed; 0: it was not.
    int64_t killed_at_bytes() const { return killed_at_bytes_; }

   private:
    friend class MemoryWatchdog;
    void Look();  // the watchdog's thread

    const TrackedProcess leader_;
    const int64_t limit_bytes_;
    MemoryGauge gauge_;
    std::atomic<int64_t> killed_at_bytes_ = 0;
  };

  MemoryWatchdog();
  ~MemoryWatchdog();

  /// Watches the session that the process leads and what descends from it (ProcessesUnder).
  std::shared_ptr<const Watch> Begin(const ProcessIdentity& leader, int64_t limit_bytes);

 private:
  void Run(const std::stop_token& stop);

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<std::weak_ptr<Watch>> watches_;  // guarded by mutex_
  std::jthread thread_;
};

}  // namespace millrace
