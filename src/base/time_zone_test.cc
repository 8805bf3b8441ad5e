#include "base/time_zone.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace {
namespace {

TEST(TimeZone, KnowsTheSystemsNames) {
  for (const char* good : {"UTC", "Europe/Paris", "America/Argentina/Buenos_Aires", "Etc/GMT+5"}) {
    EXPECT_TRUE(CheckTimeZone(good).ok()) << good;
  }
  for (const char* bad : {"", "Mars/Base", "europe/paris ", "../passwd", "/etc/passwd", "Europe"}) {
    const Status status = CheckTimeZone(bad);
    ASSERT_FALSE(status.ok()) << bad;
    EXPECT_EQ(status.error().type, FailureType::kConfigError);
  }
  EXPECT_THAT(CheckTimeZone("Europe/Pariss").ToString(),
              testing::HasSubstr("no time zone Europe/Pariss; did you mean Europe/Paris"));
}

}  // namespace
}  // namespace millrace
