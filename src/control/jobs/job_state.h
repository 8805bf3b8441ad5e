#pragma once

#include <optional>
#include <string_view>

namespace millrace {

/// What can happen to a job.
enum class JobEvent {
  kAttemptStarted,
  kAttemptSucceeded,
  kAttemptFailed,  ///< and another one is to follow
  kGivenUp,        ///< an attempt failed, and none is to follow
  kCanceled,
};

/// Where a job in the state `from` goes; empty: that can't happen to it there. States are those of
/// Airbyte's API: pending, running, incomplete (between two attempts), succeeded, failed,
/// cancelled.
std::optional<std::string_view> NextJobState(std::string_view from, JobEvent event);

/// Whether nothing can happen to it any more.
bool IsFinalJobState(std::string_view state);

}  // namespace millrace
