#include "control/jobs/silence_watch.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Verdict = SilenceWatch::Verdict;

class SilenceWatchTest : public testing::Test {
 protected:
  void Pass(seconds span) { now_ += span; }
  /// As an attempt does: a word each second, here each minute.
  void WaitForDestination(seconds span) {
    for (seconds waited = seconds(60); waited <= span; waited += seconds(60)) {
      Pass(seconds(60));
      watch_.DestinationWaits(waited, now_);
    }
  }

  SteadyTime now_ = SteadyTime(hours(1));
  SilenceWatch watch_{SilenceLimits(), now_};
};

TEST_F(SilenceWatchTest, ASourceMayBeSilentForThreeHours) {
  Pass(seconds(10'800));
  EXPECT_EQ(watch_.Look(now_), Verdict::kNone);
  watch_.Moved(now_);
  Pass(seconds(10'800));
  EXPECT_EQ(watch_.Look(now_), Verdict::kNone);
  Pass(seconds(1));
  EXPECT_EQ(watch_.Look(now_), Verdict::kSource);
}

TEST_F(SilenceWatchTest, ADestinationMayTakeADay) {
  WaitForDestination(seconds(86'400));
  EXPECT_EQ(watch_.Look(now_), Verdict::kNone) << "and the source is not to blame meanwhile";
  Pass(seconds(1));
  EXPECT_EQ(watch_.Look(now_), Verdict::kDestination);
}

TEST_F(SilenceWatchTest, TheSourcesTimeBeginsWhenTheDestinationIsDone) {
  WaitForDestination(hours(10));
  watch_.DestinationWaits(milliseconds(0), now_);
  Pass(seconds(10'800));
  EXPECT_EQ(watch_.Look(now_), Verdict::kNone);
  Pass(seconds(1));
  EXPECT_EQ(watch_.Look(now_), Verdict::kSource);
}

TEST_F(SilenceWatchTest, AnAttemptThatSaysNothingMoreIsSilentItself) {
  WaitForDestination(seconds(60));
  Pass(seconds(10'801));
  EXPECT_EQ(watch_.Look(now_), Verdict::kSource);
}

}  // namespace
}  // namespace millrace
