#include "control/jobs/job_state.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

namespace millrace {
namespace {

constexpr std::string_view kStates[] = {"pending", "running",   "incomplete",
                                        "failed",  "succeeded", "cancelled"};
constexpr JobEvent kEvents[] = {JobEvent::kAttemptStarted, JobEvent::kAttemptSucceeded,
                                JobEvent::kAttemptFailed, JobEvent::kGivenUp, JobEvent::kCanceled};

/// Each of the thirty pairs, and no other.
TEST(JobState, GoesWhereTheTableSays) {
  using Key = std::pair<std::string_view, JobEvent>;
  const std::map<Key, std::string_view> legal = {
      {{"pending", JobEvent::kAttemptStarted}, "running"},
      {{"incomplete", JobEvent::kAttemptStarted}, "running"},
      {{"running", JobEvent::kAttemptSucceeded}, "succeeded"},
      {{"running", JobEvent::kAttemptFailed}, "incomplete"},
      {{"running", JobEvent::kGivenUp}, "failed"},
      {{"pending", JobEvent::kCanceled}, "cancelled"},
      {{"running", JobEvent::kCanceled}, "cancelled"},
      {{"incomplete", JobEvent::kCanceled}, "cancelled"}};
  for (const std::string_view state : kStates) {
    for (const JobEvent event : kEvents) {
      const auto expected = legal.find({state, event});
      const auto next = NextJobState(state, event);
      EXPECT_EQ(next.has_value(), expected != legal.end())
          << state << " " << static_cast<int>(event);
      if (expected == legal.end()) continue;
      EXPECT_EQ(next, expected->second);
    }
  }
}

TEST(JobState, EveryStateIsReachedAndOnlyFinalOnesAreLeftByNothing) {
  std::set<std::string_view> reached = {"pending"};
  for (size_t round = 0; round < std::size(kStates); ++round) {
    for (const std::string_view state : kStates) {
      for (const JobEvent event : kEvents) {
        const auto next = NextJobState(state, event);
        if (next && reached.contains(state)) reached.insert(*next);
      }
    }
  }
  EXPECT_EQ(reached.size(), std::size(kStates));
  const std::set<std::string_view> final = {"failed", "succeeded", "cancelled"};
  for (const std::string_view state : kStates) {
    EXPECT_EQ(IsFinalJobState(state), final.contains(state)) << state;
  }
}

TEST(JobState, AnUnknownStateGoesNowhere) {
  for (const JobEvent event : kEvents) EXPECT_FALSE(NextJobState("queued", event));
}

}  // namespace
}  // namespace millrace
