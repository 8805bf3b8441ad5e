#pragma once

#include <chrono>
#include <optional>
#include <random>
#include <stop_token>

#include "base/status.h"

namespace millrace {

/// How often, and how patiently, something is tried again. A plain value.
struct RetryPolicy {
  int attempts_max = 5;
  std::chrono::milliseconds first_delay{200};
  std::chrono::milliseconds delay_max{10'000};
  /// A server that asks for a longer pause than this is not waited for.
  std::chrono::milliseconds retry_after_max{60'000};
};

/// Counts the attempts of one operation and waits between them: exponential with full jitter, or
/// as long as the server asked. One thread.
class Backoff {
 public:
  explicit Backoff(const RetryPolicy& policy);

  /// Waits before the next attempt. False: there is none left, or `retry_after` is longer than the
  /// policy allows, or `stop` was requested (ask it).
  bool Wait(std::stop_token stop, std::optional<std::chrono::milliseconds> retry_after = {});

  /// The attempt that is being made, from 1.
  int attempt() const { return attempt_; }
  /// Begins to count anew: something got further.
  void Reset() { attempt_ = 1; }

 private:
  const RetryPolicy policy_;
  int attempt_ = 1;
  std::minstd_rand random_;
};

}  // namespace millrace
