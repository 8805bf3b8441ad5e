#pragma once

#include <chrono>
#include <vector>

namespace millrace {

/// How an attempt of a job failed, as far as the next one depends on it.
enum class FailedAttempt {
  kNothing,  ///< no row was committed
  kSome,     ///< rows were committed
  kConfig,   ///< the user must change something first
};

/// What follows a failed attempt.
struct RetryDecision {
  bool retry = false;
  std::chrono::seconds wait{0};  ///< before the next attempt
};

/// Airbyte's numbers. Attempts that committed nothing: 5 in a row or 10 in all end the job, with
/// waits of 10, 30, 90 … seconds between them (30 minutes at most); attempts that got somewhere: 20
/// in all, and the next one follows at once. A config error ends it. `attempts` are those of the
/// job in their order, all failed.
RetryDecision DecideRetry(const std::vector<FailedAttempt>& attempts);

}  // namespace millrace
