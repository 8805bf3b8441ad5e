#include "base/cron_expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

CronExpression Parsed(std::string_view text) {
  auto cron = ParseCronExpression(text);
  EXPECT_TRUE(cron.ok()) << text << ": " << cron.status().ToString();
  return cron.ok() ? *cron : CronExpression();
}

std::string ErrorOf(std::string_view text) {
  const auto cron = ParseCronExpression(text);
  if (cron.ok()) return "";
  EXPECT_EQ(cron.status().error().type, FailureType::kConfigError);
  return cron.status().ToString();
}

/// The members of a set, from the first: "1,2,5".
template <size_t size>
std::string Members(const std::bitset<size>& set) {
  std::string text;
  for (size_t i = 0; i < size; ++i) {
    if (set[i]) text += (text.empty() ? "" : ",") + std::to_string(i);
  }
  return text;
}

TEST(CronExpression, ReadsUnixForm) {
  const CronExpression cron = Parsed("0 2 * * 1-5");
  EXPECT_EQ(Members(cron.seconds), "0");
  EXPECT_EQ(Members(cron.minutes), "0");
  EXPECT_EQ(Members(cron.hours), "2");
  EXPECT_EQ(cron.month_days.count(), 31u);
  EXPECT_EQ(cron.months.count(), 12u);
  EXPECT_EQ(Members(cron.weekdays), "1,2,3,4,5");
  EXPECT_TRUE(cron.years.all());
  EXPECT_FALSE(cron.any_day_field);
  EXPECT_TRUE(Parsed("0 0 1 * 7").any_day_field) << "the first, and every Sunday";
  EXPECT_EQ(Members(Parsed("0 0 * * 7").weekdays), "0");
  EXPECT_EQ(Members(Parsed("0 0 * * 5-7").weekdays), "0,5,6");
}

TEST(CronExpression, ReadsQuartzForm) {
  const CronExpression cron = Parsed("30 0/20 8-18/4 ? JAN,mar-Apr MON-FRI 2026-2028");
  EXPECT_EQ(Members(cron.seconds), "30");
  EXPECT_EQ(Members(cron.minutes), "0,20,40");
  EXPECT_EQ(Members(cron.hours), "8,12,16");
  EXPECT_EQ(Members(cron.months), "1,3,4");
  EXPECT_EQ(Members(cron.weekdays), "1,2,3,4,5");
  EXPECT_EQ(Members(cron.years), "56,57,58");
  EXPECT_FALSE(cron.any_day_field);
  EXPECT_EQ(Members(Parsed("0 0 12 ? * 2-6").weekdays), "1,2,3,4,5") << "1 is Sunday";
  EXPECT_EQ(Members(Parsed("0 */15 * * * ?").minutes), "0,15,30,45");
  EXPECT_EQ(Members(Parsed("0 0 22-2 * * ?").hours), "0,1,2,22,23") << "over midnight";
  EXPECT_EQ(Members(Parsed("0 0 0 ? * FRI-MON").weekdays), "0,1,5,6");
}

TEST(CronExpression, ReadsDaysByTheirPlaceInTheMonth) {
  using Kind = CronMonthDay::Kind;
  EXPECT_THAT(Parsed("0 0 0 L * ?").special_days,
              ElementsAre(CronMonthDay{Kind::kBeforeLast, 0, 0}));
  EXPECT_THAT(
      Parsed("0 0 0 L-3,LW * ?").special_days,
      ElementsAre(CronMonthDay{Kind::kBeforeLast, 3, 0}, CronMonthDay{Kind::kLastWorkday, 0, 0}));
  const CronExpression mixed = Parsed("0 0 0 1,15W * ?");
  EXPECT_EQ(Members(mixed.month_days), "1");
  EXPECT_THAT(mixed.special_days, ElementsAre(CronMonthDay{Kind::kWorkdayNearestDate, 15, 0}));
  EXPECT_THAT(
      Parsed("0 0 0 ? * 6L,TUE#2").special_days,
      ElementsAre(CronMonthDay{Kind::kLastWeekday, 0, 5}, CronMonthDay{Kind::kNthWeekday, 2, 2}));
  EXPECT_EQ(Members(Parsed("0 0 0 ? * L").weekdays), "6") << "the week's last day";
}

TEST(CronExpression, NamesFieldAndValue) {
  EXPECT_EQ(ErrorOf("99 2 * * 1-5"), "the minute is 99; it may be 0 to 59");
  EXPECT_EQ(ErrorOf("0 24 * * *"), "the hour is 24; it may be 0 to 23");
  EXPECT_EQ(ErrorOf("0 2 0 * *"), "the day of the month is 0; it may be 1 to 31, L, LW or 15W");
  EXPECT_EQ(ErrorOf("0 2 * 13 *"), "the month is 13; it may be 1 to 12 or JAN to DEC");
  EXPECT_EQ(ErrorOf("0 2 * * 8"),
            "the weekday is 8; it may be 0 to 7 (0 and 7 are Sunday) or SUN to SAT, 5L, 5#2");
  EXPECT_EQ(ErrorOf("0 0 2 ? * 0"),
            "the weekday is 0; it may be 1 to 7 (1 is Sunday) or SUN to SAT, 6L, 6#2");
  EXPECT_EQ(ErrorOf("0 0 2 * * ? 1969"), "the year is 1969; it may be 1970 to 2099");
  for (const char* bad :
       {"x * * * *", "*/0 * * * *", "1- * * * *", "1,,2 * * * *", "5/ * * * *", "1-2-3 * * * *",
        "* * 32W * *", "* * L-31 * *", "* * * * 5#6", "* * * FOO *", "* * * * L-2", "-1 * * * *",
        "+1 * * * *", "1.5 * * * *", "99999999999999999999 * * * *", "*5 * * * *", "? * * * *"}) {
    EXPECT_THAT(ErrorOf(bad), HasSubstr(" is ")) << bad;
  }
}

TEST(CronExpression, WantsAllFields) {
  EXPECT_THAT(ErrorOf("0 2 *"), HasSubstr("it has 3 fields"));
  EXPECT_THAT(ErrorOf(""), HasSubstr("it has no fields"));
  EXPECT_THAT(ErrorOf("0 0 2 * * ? 2026 9"), HasSubstr("it has 8 fields"));
  EXPECT_THAT(ErrorOf("0 0 2 * * *"), HasSubstr("\"?\""));
  EXPECT_THAT(ErrorOf("0 0 2 ? * ?"), HasSubstr("\"?\""));
}

TEST(CronExpression, RefusesWhatComesTooOftenOrNever) {
  EXPECT_THAT(ErrorOf("* 0 2 * * ?"), HasSubstr("more than once a minute"));
  EXPECT_THAT(ErrorOf("0,30 0 2 * * ?"), HasSubstr("more than once a minute"));
  EXPECT_THAT(ErrorOf("0 2 30 2 *"), HasSubstr("no such day"));
  EXPECT_THAT(ErrorOf("0 2 31 4,6 *"), HasSubstr("no such day"));
  EXPECT_EQ(ErrorOf("0 2 29 2 *"), "");
  EXPECT_EQ(ErrorOf("0 2 30 2 1"), "") << "a Monday will do";
}

}  // namespace
}  // namespace millrace
