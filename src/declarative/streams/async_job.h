#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "declarative/requests/api_response.h"
#include "declarative/slices/stream_slice.h"

namespace millrace {

enum class AsyncJobStatus { kRunning, kCompleted, kFailed, kTimedOut, kSkipped };

/// How many jobs of a source may be under way at its API (max_concurrent_async_job_count). Outlives
/// its slots. Thread-safe.
class AsyncJobBudget {
 public:
  explicit AsyncJobBudget(int most) : free_(most) {}

  /// One of them, for as long as it lives.
  class Slot {
   public:
    explicit Slot(AsyncJobBudget& budget) : budget_(budget) {}
    ~Slot() { ++budget_.free_; }
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;

   private:
    AsyncJobBudget& budget_;
  };
  /// Null: there is none left.
  std::unique_ptr<Slot> Take() {
    int free = free_.load();
    while (free > 0) {
      if (free_.compare_exchange_weak(free, free - 1)) return std::make_unique<Slot>(*this);
    }
    return nullptr;
  }

 private:
  std::atomic<int> free_;
};

/// A job that an API does for one slice. Owned by one thread at a time.
struct AsyncJob {
  StreamSlice slice;
  bool was_created = true;    ///< false: the API refused to
  PyValue creation_response;  ///< as templates see it: a dict
  PyValue polling_response;   ///< of the poll that found it completed
  std::shared_ptr<const ApiResponse> polled;
  std::optional<WallTime> retry_after;

  AsyncJob(StreamSlice of, WallTime now) : slice(std::move(of)), began_(now) {}

  /// What the API said last, unless it has been at it for longer than `timeout`.
  AsyncJobStatus StatusAt(WallTime now, std::chrono::microseconds timeout) const {
    return was_created && ended_.value_or(now) - began_ > timeout ? AsyncJobStatus::kTimedOut
                                                                  : said_;
  }
  void SetStatus(AsyncJobStatus status, WallTime now) {
    if (status == AsyncJobStatus::kRunning) {
      if (said_ != AsyncJobStatus::kRunning) {
        began_ = now;
        ended_.reset();
      }
    } else if (!ended_) {
      ended_ = now;
    }
    said_ = status;
  }

 private:
  AsyncJobStatus said_ = AsyncJobStatus::kRunning;
  WallTime began_;
  std::optional<WallTime> ended_;
};

}  // namespace millrace
