#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>

#include "base/deadline.h"
#include "base/status.h"

namespace millrace {

/// Bounds the bytes that wait in queues. Who puts something in takes bytes, who takes it out gives
/// them back; when too many are out, taking waits. A request larger than the whole budget is
/// granted once nothing else is out, so no row is too large to move. Thread-safe.
class ByteBudget {
 public:
  explicit ByteBudget(int64_t bytes_max) : bytes_max_(bytes_max) {}
  ByteBudget(const ByteBudget&) = delete;
  ByteBudget& operator=(const ByteBudget&) = delete;

  /// Waits until `bytes` are free. kDeadline or kCanceled: nothing was taken.
  Status Take(int64_t bytes, Deadline deadline, std::stop_token stop);
  /// Takes without waiting, even beyond the bound: for what already exists and must be counted.
  void Force(int64_t bytes);
  void GiveBack(int64_t bytes);

  int64_t bytes_max() const { return bytes_max_; }
  int64_t bytes_out() const;

 private:
  const int64_t bytes_max_;
  mutable std::mutex mutex_;
  std::condition_variable_any freed_;
  int64_t bytes_out_ = 0;  // guarded by mutex_
};

}  // namespace millrace
