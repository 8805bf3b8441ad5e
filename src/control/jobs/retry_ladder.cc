#include "control/jobs/retry_ladder.h"

#include <algorithm>

namespace millrace {
namespace {

constexpr int kNothingInRowMax = 5;
constexpr int kNothingMax = 10;
constexpr int kSomeMax = 20;
constexpr std::chrono::seconds kFirstWait{10};
constexpr int kWaitGrows = 3;
constexpr std::chrono::seconds kWaitMax = std::chrono::minutes(30);

}  // namespace

RetryDecision DecideRetry(const std::vector<FailedAttempt>& attempts) {
  int nothing = 0, nothing_in_row = 0, some = 0;
  for (const FailedAttempt attempt : attempts) {
    if (attempt == FailedAttempt::kConfig) return {};
    const bool got_somewhere = attempt == FailedAttempt::kSome;
    some += got_somewhere ? 1 : 0;
    nothing += got_somewhere ? 0 : 1;
    nothing_in_row = got_somewhere ? 0 : nothing_in_row + 1;
  }
  if (nothing_in_row >= kNothingInRowMax || nothing >= kNothingMax || some >= kSomeMax) return {};
  if (nothing_in_row == 0) return {true, std::chrono::seconds(0)};
  std::chrono::seconds wait = kFirstWait;
  for (int i = 1; i < nothing_in_row; ++i) wait = std::min(wait * kWaitGrows, kWaitMax);
  return {true, wait};
}

}  // namespace millrace
