#include "declarative/requests/iso_duration.h"

#include <gtest/gtest.h>

#include "declarative/requests/flexible_time.h"

namespace millrace {
namespace {

TEST(IsoDurationTest, ReadsDurationsAndNothingElse) {
  const auto seconds = [](const char* text) {
    const auto duration = ParseIsoDuration(text);
    return duration ? std::chrono::duration<double>(duration->span).count() : -1e9;
  };
  EXPECT_EQ(seconds("PT2H"), 7200);
  EXPECT_EQ(seconds("P1DT30M"), 88'200);
  EXPECT_EQ(seconds("P2W"), 1'209'600);
  EXPECT_EQ(seconds("PT1.5S"), 1.5);
  EXPECT_EQ(seconds("P1M"), 30 * 86'400);
  EXPECT_TRUE(ParseIsoDuration("P1Y")->calendar);
  EXPECT_FALSE(ParseIsoDuration("PT1M")->calendar);
  for (const char* text : {"", "P", "1H", "PT", "PTH", "PT1X", "P99999Y"}) {
    EXPECT_FALSE(ParseIsoDuration(text) && ParseIsoDuration(text)->span.count() != 0) << text;
  }
}

TEST(FlexibleTimeTest, ReadsWhatApisWrite) {
  const auto text = [](const char* written) {
    const auto time = ParseFlexibleTime(written);
    return time ? time->ToString() : "none";
  };
  EXPECT_EQ(text("1710072000"), "2024-03-10T12:00:00+00:00");
  EXPECT_EQ(text("2024-03-10"), "2024-03-10T00:00:00+00:00");
  EXPECT_EQ(text("2024-03-10T12:00:00Z"), "2024-03-10T12:00:00+00:00");
  EXPECT_EQ(text("2024-03-10 12:00:00.25-05:30"), "2024-03-10T12:00:00.250000-05:30");
  EXPECT_EQ(text("Sun, 10 Mar 2024 12:00:00 GMT"), "2024-03-10T12:00:00+00:00");
  for (const char* none : {"", "soon", "17100720000", "2024-13-01", "2024-01-01T25:00"}) {
    EXPECT_EQ(text(none), "none") << none;
  }
}

}  // namespace
}  // namespace millrace
