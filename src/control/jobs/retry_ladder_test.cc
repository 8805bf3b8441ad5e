#include "control/jobs/retry_ladder.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

using enum FailedAttempt;

/// Appends the attempt and says what follows.
RetryDecision Fail(std::vector<FailedAttempt>* attempts, FailedAttempt how) {
  attempts->push_back(how);
  return DecideRetry(*attempts);
}

TEST(RetryLadder, FourWaitsThenNoMoreWhenNothingWasCommitted) {
  std::vector<FailedAttempt> attempts;
  for (const int seconds : {10, 30, 90, 270}) {
    const RetryDecision decision = Fail(&attempts, kNothing);
    EXPECT_TRUE(decision.retry);
    EXPECT_EQ(decision.wait.count(), seconds);
  }
  EXPECT_FALSE(Fail(&attempts, kNothing).retry);
}

TEST(RetryLadder, RowsBeginTheLadderAnewButTenEmptyOnesAreEnough) {
  std::vector<FailedAttempt> attempts;
  for (int empty = 1; empty < 10; ++empty) {
    const RetryDecision after_nothing = Fail(&attempts, kNothing);
    EXPECT_TRUE(after_nothing.retry);
    EXPECT_EQ(after_nothing.wait.count(), 10);
    const RetryDecision after_some = Fail(&attempts, kSome);
    EXPECT_TRUE(after_some.retry);
    EXPECT_EQ(after_some.wait.count(), 0);
  }
  EXPECT_FALSE(Fail(&attempts, kNothing).retry);
}

TEST(RetryLadder, TwentyAttemptsThatGotSomewhere) {
  std::vector<FailedAttempt> attempts;
  for (int some = 1; some < 20; ++some) {
    const RetryDecision decision = Fail(&attempts, kSome);
    EXPECT_TRUE(decision.retry);
    EXPECT_EQ(decision.wait.count(), 0);
  }
  EXPECT_FALSE(Fail(&attempts, kSome).retry);
}

TEST(RetryLadder, NeverAfterAConfigError) {
  EXPECT_FALSE(DecideRetry({kConfig}).retry);
  EXPECT_FALSE(DecideRetry({kSome, kConfig}).retry);
}

}  // namespace
}  // namespace millrace
