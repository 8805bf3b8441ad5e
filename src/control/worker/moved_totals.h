#pragma once

#include <atomic>
#include <cstdint>

namespace millrace {

/// What this process's attempts have done since it started: counted by the worker that runs them,
/// shown by /metrics. Owned by the server or worker process; thread-safe.
struct MovedTotals {
  std::atomic<int64_t> records_committed = 0;
  std::atomic<int64_t> bytes_committed = 0;
  std::atomic<int64_t> attempts_succeeded = 0;
  std::atomic<int64_t> attempts_failed = 0;
};

}  // namespace millrace
