#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>

#include "subprocess/memory_gauge.h"
#include "subprocess/process_family.h"

namespace millrace {

/// Ends a program that uses, with all that descends from it, more memory than it may. Looks ten
/// times a second, from a thread of its own, until it is destroyed.
class MemoryGuard {
 public:
  /// `family` outlives it. `kill` ends them all; it is called once, from the guard's thread.
  MemoryGuard(ProcessFamily& family, int64_t limit_bytes, std::function<void()> kill);

  /// What they used when it was killed; 0: it was not.
  int64_t killed_at_bytes() const { return killed_at_bytes_; }

 private:
  void Run(const std::stop_token& stop);

  const int64_t limit_bytes_;
  const std::function<void()> kill_;
  MemoryGauge gauge_;  // the thread's
  std::atomic<int64_t> killed_at_bytes_ = 0;
  std::jthread thread_;
};

}  // namespace millrace
