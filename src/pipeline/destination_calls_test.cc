#include "pipeline/destination_calls.h"

#include <gtest/gtest.h>

#include <optional>

namespace millrace {
namespace {

using std::chrono::milliseconds;

class StandingClock : public Clock {
 public:
  SteadyTime Now() const override { return SteadyTime(milliseconds(at_ms)); }
  WallTime WallNow() const override { return WallTime(milliseconds(at_ms)); }
  int64_t at_ms = 5'000;
};

TEST(DestinationCalls, TheOneThatBeganFirstCounts) {
  StandingClock clock;
  DestinationCalls calls(clock);
  EXPECT_EQ(calls.Longest(), milliseconds(0));
  std::optional<DestinationCalls::Call> first(std::in_place, calls);
  clock.at_ms += 700;
  std::optional<DestinationCalls::Call> second(std::in_place, calls);
  clock.at_ms += 300;
  EXPECT_EQ(calls.Longest(), milliseconds(1'000));
  first.reset();
  EXPECT_EQ(calls.Longest(), milliseconds(300));
  second.reset();
  EXPECT_EQ(calls.Longest(), milliseconds(0));
}

}  // namespace
}  // namespace millrace
