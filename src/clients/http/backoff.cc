#include "clients/http/backoff.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

namespace millrace {

Backoff::Backoff(const RetryPolicy& policy) : policy_(policy), random_(std::random_device{}()) {}

bool Backoff::Wait(std::stop_token stop, std::optional<std::chrono::milliseconds> retry_after) {
  if (attempt_ >= policy_.attempts_max || stop.stop_requested()) return false;
  if (retry_after && *retry_after > policy_.retry_after_max) return false;
  // The shift is bounded: beyond 20 doublings any first delay is above delay_max.
  const auto ceiling = std::min<std::chrono::milliseconds>(
      policy_.delay_max, policy_.first_delay * (1LL << std::min(attempt_ - 1, 20)));
  const auto jitter = std::chrono::milliseconds(
      std::uniform_int_distribution<int64_t>(ceiling.count() / 4, ceiling.count())(random_));
  const auto delay = retry_after ? *retry_after + jitter / 4 : jitter;

  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, delay, [] { return false; });
  ++attempt_;
  return !stop.stop_requested();
}

}  // namespace millrace
