#include "cli/stop_deadline.h"

#include <gtest/gtest.h>

#include <future>

namespace millrace {
namespace {

TEST(StopDeadlineDeathTest, EndsAProcessThatDoesNotEnd) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_EXIT(
      {
        const StopDeadline deadline(std::chrono::milliseconds(50), 3);
        std::promise<void> never;
        never.get_future().wait_for(std::chrono::seconds(60));
      },
      testing::ExitedWithCode(3), "given up");
}

TEST(StopDeadline, LetsAProcessBeThatEndedInTime) {
  { const StopDeadline deadline(std::chrono::milliseconds(50), 3); }
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
}

}  // namespace
}  // namespace millrace
