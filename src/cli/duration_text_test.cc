#include "cli/duration_text.h"

#include <gmock/gmock.h>

namespace millrace {
namespace {

using std::chrono::milliseconds;

TEST(DurationText, ParsesCountsWithUnits) {
  EXPECT_EQ(*ParseDuration("5 min"), std::chrono::minutes(5));
  EXPECT_EQ(*ParseDuration("30s"), std::chrono::seconds(30));
  EXPECT_EQ(*ParseDuration("1.5 hours"), std::chrono::minutes(90));
  EXPECT_EQ(*ParseDuration("1 day"), std::chrono::hours(24));
  EXPECT_EQ(*ParseDuration("0"), milliseconds(0));
}

TEST(DurationText, RefusesWhatIsNone) {
  for (const char* bad :
       {"", "5", "min", "-5 min", "5 parsecs", "5 mins ago", "1e30 days", "nan s", "inf s"}) {
    EXPECT_FALSE(ParseDuration(bad).ok()) << bad;
  }
}

TEST(DurationText, ReadsWell) {
  EXPECT_EQ(DurationText(milliseconds(850)), "850 ms");
  EXPECT_EQ(DurationText(milliseconds(4234)), "4.2 s");
  EXPECT_EQ(DurationText(milliseconds(200'000)), "3 min 20 s");
  EXPECT_EQ(DurationText(milliseconds(7'500'000)), "2 h 5 min");
}

}  // namespace
}  // namespace millrace
