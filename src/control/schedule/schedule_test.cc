#include "control/schedule/schedule.h"

#include <date/date.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <sstream>

#include "control/schedule/cron_text.h"
#include "control/schedule/cron_times.h"
#include "control/schedule/schedule_document.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int64_t kSecond = 1'000'000;

/// Seconds since 1970 of "2026-03-29 01:00:00" (UTC), and back.
int64_t At(const std::string& text) {
  std::istringstream in(text);
  date::sys_seconds time;
  in >> date::parse("%F %T", time);
  EXPECT_FALSE(in.fail()) << text;
  return time.time_since_epoch().count();
}
std::string TextOf(int64_t seconds) {
  return date::format("%F %T", date::sys_seconds(std::chrono::seconds(seconds)));
}
/// The next `count` times of an expression, in UTC.
std::vector<std::string> Times(std::string_view cron, const std::string& zone,
                               const std::string& after, int count) {
  auto parsed = ParseCronExpression(cron);
  EXPECT_TRUE(parsed.ok()) << cron << ": " << parsed.status().ToString();
  std::vector<std::string> times;
  std::optional<int64_t> time = At(after);
  while (parsed.ok() && count-- > 0) {
    time = NextCronTime(*parsed, zone, *time);
    if (!time) break;
    times.push_back(TextOf(*time));
  }
  return times;
}

TEST(CronTimes, BothFormsComeAtTheirTimes) {
  // 2026-01-02 is a Friday.
  EXPECT_THAT(Times("0 2 * * 1-5", "UTC", "2026-01-02 02:00:00", 2),
              ElementsAre("2026-01-05 02:00:00", "2026-01-06 02:00:00"));
  EXPECT_THAT(Times("30 15 10 ? * FRI", "UTC", "2026-01-02 10:15:29", 2),
              ElementsAre("2026-01-02 10:15:30", "2026-01-09 10:15:30"));
  EXPECT_THAT(Times("*/20 23 * * *", "UTC", "2026-01-02 23:30:00", 2),
              ElementsAre("2026-01-02 23:40:00", "2026-01-03 23:00:00"));
  EXPECT_THAT(Times("0 0 1 * 1", "UTC", "2026-01-27 00:00:00", 3),
              ElementsAre("2026-02-01 00:00:00", "2026-02-02 00:00:00", "2026-02-09 00:00:00"))
      << "with five fields, either day will do";
  EXPECT_THAT(Times("0 0 0 29 2 ?", "UTC", "2026-01-01 00:00:00", 2),
              ElementsAre("2028-02-29 00:00:00", "2032-02-29 00:00:00"));
  EXPECT_THAT(Times("0 0 0 1 1 ? 2027", "UTC", "2026-01-01 00:00:00", 3),
              ElementsAre("2027-01-01 00:00:00"));
}

TEST(CronTimes, DaysByTheirPlaceInTheMonth) {
  EXPECT_THAT(Times("0 0 6 L * ?", "UTC", "2026-01-31 06:00:00", 2),
              ElementsAre("2026-02-28 06:00:00", "2026-03-31 06:00:00"));
  EXPECT_THAT(Times("0 0 6 L-2 * ?", "UTC", "2026-02-01 00:00:00", 1),
              ElementsAre("2026-02-26 06:00:00"));
  EXPECT_THAT(Times("0 0 6 LW * ?", "UTC", "2026-01-01 00:00:00", 2),
              ElementsAre("2026-01-30 06:00:00", "2026-02-27 06:00:00"));
  // 15 March 2026 is a Sunday, 1 August 2026 a Saturday, 31 May 2026 a Sunday.
  EXPECT_THAT(Times("0 0 6 15W 3 ?", "UTC", "2026-01-01 00:00:00", 1),
              ElementsAre("2026-03-16 06:00:00"));
  EXPECT_THAT(Times("0 0 6 1W 8 ?", "UTC", "2026-01-01 00:00:00", 1),
              ElementsAre("2026-08-03 06:00:00"));
  EXPECT_THAT(Times("0 0 6 31W 5 ?", "UTC", "2026-01-01 00:00:00", 1),
              ElementsAre("2026-05-29 06:00:00"));
  EXPECT_THAT(Times("0 0 6 ? * 6#2", "UTC", "2026-01-01 00:00:00", 2),
              ElementsAre("2026-01-09 06:00:00", "2026-02-13 06:00:00"));
  EXPECT_THAT(Times("0 0 6 ? * 2#5", "UTC", "2026-01-01 00:00:00", 2),
              ElementsAre("2026-03-30 06:00:00", "2026-06-29 06:00:00"));
  EXPECT_THAT(Times("0 0 6 ? * 6L", "UTC", "2026-01-01 00:00:00", 1),
              ElementsAre("2026-01-30 06:00:00"));
}

TEST(CronTimes, FollowTheClocksOfTheirZone) {
  // Paris goes from 02:00 to 03:00 on 29 March 2026, and from 03:00 back to 02:00 on 25 October.
  EXPECT_THAT(Times("30 2 * * *", "Europe/Paris", "2026-03-28 00:00:00", 3),
              ElementsAre("2026-03-28 01:30:00", "2026-03-29 01:00:00", "2026-03-30 00:30:00"))
      << "no day is left out";
  EXPECT_THAT(Times("30 2 * * *", "Europe/Paris", "2026-10-24 12:00:00", 2),
              ElementsAre("2026-10-25 00:30:00", "2026-10-26 01:30:00"))
      << "and none comes twice";
  EXPECT_THAT(Times("0,30 * * * *", "Europe/Paris", "2026-10-25 00:00:00", 4),
              ElementsAre("2026-10-25 00:30:00", "2026-10-25 01:00:00", "2026-10-25 01:30:00",
                          "2026-10-25 02:00:00"))
      << "every half hour is every half hour";
  EXPECT_THAT(Times("0,30 * * * *", "Europe/Paris", "2026-03-29 00:00:00", 4),
              ElementsAre("2026-03-29 00:30:00", "2026-03-29 01:00:00", "2026-03-29 01:30:00",
                          "2026-03-29 02:00:00"));
  EXPECT_THAT(Times("0 9 * * *", "Asia/Kathmandu", "2026-01-01 00:00:00", 1),
              ElementsAre("2026-01-01 03:15:00"));
  // Havana goes back at 01:00 to 00:00: the hour after midnight comes twice.
  EXPECT_THAT(Times("0 30 0 * * ?", "America/Havana", "2024-11-03 04:00:00", 2),
              ElementsAre("2024-11-03 04:30:00", "2024-11-04 05:30:00"));
}

TEST(CronTimes, AreAlwaysLaterAndMissNothing) {
  const auto seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  const auto hourly = ParseCronExpression("0 17 0/5 * * ?");
  for (int i = 0; i < 200; ++i) {
    const auto after = static_cast<int64_t>(random() % 4'000'000'000);
    for (const char* zone : {"America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC"}) {
      const auto next = NextCronTime(*hourly, zone, after);
      ASSERT_TRUE(next);
      EXPECT_GT(*next, after) << zone;
      EXPECT_EQ(NextCronTime(*hourly, zone, *next - 1), next) << zone << " " << after;
      EXPECT_LE(*next - after, 3 * 24 * 3600) << zone << " " << after;
    }
  }
}

int64_t Micros(const std::string& text) { return At(text) * kSecond; }
std::string NextText(const Schedule& schedule, std::optional<int64_t> last, const std::string& now,
                     const std::string& id = "c") {
  const auto next = NextRun(schedule, id, last, Micros(now));
  return next ? TextOf(*next / kSecond) : "never";
}

TEST(NextRun, ManualNeverComes) {
  EXPECT_EQ(NextText(Schedule(), std::nullopt, "2026-01-01 00:00:00"), "never");
}

TEST(NextRun, BasicCountsFromTheLastRun) {
  const auto hours = EverySchedule(24, "hours");
  ASSERT_TRUE(hours.ok());
  EXPECT_EQ(NextText(*hours, std::nullopt, "2026-01-01 00:00:00"), "2026-01-01 00:00:05");
  EXPECT_EQ(NextText(*hours, Micros("2026-01-01 05:00:00"), "2026-01-01 06:00:00"),
            "2026-01-02 05:00:00");
  EXPECT_EQ(NextText(*hours, Micros("2026-01-01 05:00:00"), "2026-01-09 06:00:00"),
            "2026-01-02 05:00:00")
      << "overdue, once";
  EXPECT_EQ(
      NextText(*EverySchedule(1, "months"), Micros("2026-01-31 05:00:00"), "2026-02-01 00:00:00"),
      "2026-02-28 05:00:00");
  EXPECT_EQ(
      NextText(*EverySchedule(2, "weeks"), Micros("2026-01-01 05:00:00"), "2026-01-01 06:00:00"),
      "2026-01-15 05:00:00");
}

TEST(NextRun, MissedTimesComeOnce) {
  const auto nightly = CronSchedule("0 2 * * *", "UTC");
  ASSERT_TRUE(nightly.ok());
  const std::string now = "2026-01-09 12:00:00";
  const auto due = NextRun(*nightly, "c", Micros("2026-01-03 02:00:30"), Micros(now));
  ASSERT_TRUE(due);
  EXPECT_LT(*due, Micros(now)) << "it is overdue";
  EXPECT_THAT(NextText(*nightly, Micros(now), now), HasSubstr("2026-01-10 02:0"));
}

TEST(NextRun, NeverTwiceAMinute) {
  const auto cron = CronSchedule("* * * * *", "UTC");
  const int64_t last = Micros("2026-01-01 00:00:59");
  EXPECT_GE(*NextRun(*cron, "c", last, last), last + 60 * kSecond);
  EXPECT_LE(*NextRun(*cron, "c", last, last), last + 62 * kSecond);
}

TEST(NextRun, SpreadsConnectionsOverABoundedTime) {
  const auto nightly = CronSchedule("0 2 * * *", "UTC");
  std::set<int64_t> times;
  for (int i = 0; i < 1'000; ++i) {
    const std::string id = "00000000-0000-4000-8000-" + std::to_string(100000000000 + i);
    const auto next = NextRun(*nightly, id, std::nullopt, Micros("2026-01-01 00:00:00"));
    EXPECT_EQ(next, NextRun(*nightly, id, std::nullopt, Micros("2026-01-01 00:00:00")));
    const int64_t late = *next - Micros("2026-01-01 02:00:00");
    EXPECT_GE(late, 0);
    EXPECT_LE(late, 120 * kSecond);
    times.insert(late / (10 * kSecond));
  }
  EXPECT_EQ(times.size(), 12u) << "every ten seconds of the two minutes has some";
}

TEST(Schedule, FormsOfAConnectionFile) {
  EXPECT_EQ(*DailyCron("02:05"), "0 5 2 * * ?");
  EXPECT_EQ(*WeeklyCron({"mon", "thu"}, "23:00"), "0 0 23 ? * MON,THU");
  for (const char* bad : {"", "2:00", "24:00", "02:60", "0200", "02:0x"}) {
    EXPECT_THAT(DailyCron(bad).status().ToString(), HasSubstr("no time of day")) << bad;
  }
  EXPECT_THAT(WeeklyCron({"monday"}, "02:00").status().ToString(), HasSubstr("monday"));
  EXPECT_FALSE(WeeklyCron({}, "02:00").ok());
}

Json Normalized(const char* text) {
  Json document = Json::parse(text);
  const Status status = NormalizeSchedule(&document);
  return status.ok() ? document : Json(status.ToString());
}

TEST(ScheduleDocument, BothFormsAreEchoed) {
  const Json basic = Json::parse(R"({"scheduleType": "basic",
      "schedule": {"units": 24, "timeUnit": "hours"},
      "scheduleData": {"basicSchedule": {"timeUnit": "hours", "units": 24}}})");
  EXPECT_EQ(Normalized(R"({"schedule": {"units": 24, "timeUnit": "hours"}})").items().begin().key(),
            "schedule");
  for (const char* form :
       {R"({"schedule": {"units": 24, "timeUnit": "hours"}})",
        R"({"scheduleData": {"basicSchedule": {"units": 24, "timeUnit": "hours"}}})"}) {
    for (const auto& [key, value] : basic.items()) EXPECT_EQ(Normalized(form)[key], value) << key;
  }
  EXPECT_EQ(Normalized("{}"), Json::parse(R"({"scheduleType": "manual"})"));
  const Json cron = Normalized(
      R"({"scheduleType": "cron", "scheduleData": {"cron": {"cronExpression": "0 0 2 * * ?"}}})");
  EXPECT_EQ(cron["scheduleData"]["cron"]["cronTimeZone"], "UTC");
  EXPECT_FALSE(cron.contains("schedule"));
  EXPECT_EQ(Normalized(R"({"scheduleData": {"weekly": ["mon"], "at": "02:00",
                           "timezone": "Europe/Paris"}})")["scheduleData"],
            Json::parse(R"({"cron": {"cronExpression": "0 0 2 ? * MON",
                            "cronTimeZone": "Europe/Paris"}})"));
  const auto schedule = ScheduleFromDocument(cron);
  ASSERT_TRUE(schedule.ok());
  EXPECT_EQ(schedule->kind, Schedule::Kind::kCron);
}

TEST(ScheduleDocument, WhatIsWrongIsSaid) {
  for (const auto& [text, part] : std::vector<std::pair<const char*, const char*>>{
           {R"({"scheduleType": "often"})", "often"},
           {R"({"scheduleType": "basic"})", "units"},
           {R"({"schedule": {"units": 0, "timeUnit": "hours"}})", "1 minute"},
           {R"({"schedule": {"units": 9223372036854775807, "timeUnit": "weeks"}})", "100 years"},
           {R"({"schedule": {"units": 1, "timeUnit": "fortnights"}})", "fortnights"},
           {R"({"schedule": {"units": 1.5, "timeUnit": "hours"}})", "whole number"},
           {R"({"scheduleType": "cron"})", "cronExpression"},
           {R"({"scheduleData": {"cron": {"cronExpression": "61 * * * *"}}})", "minute is 61"},
           {R"({"scheduleData": {"cron": {"cronExpression": "0 * * * *",
                "cronTimeZone": "Europe/Pari"}}})",
            "Europe/Paris"},
           {R"({"scheduleData": {"daily": "25:00"}})", "25:00"}}) {
    const Json said = Normalized(text);
    ASSERT_TRUE(said.is_string()) << text;
    EXPECT_THAT(said.get<std::string>(), HasSubstr(part)) << text;
  }
}

TEST(CronText, ReadsLikeASentence) {
  const auto describe = [](const char* text) { return DescribeCron(*ParseCronExpression(text)); };
  EXPECT_EQ(describe("0 2 * * 1-5"), "at 02:00, Monday to Friday");
  EXPECT_EQ(describe("*/15 * * * *"), "every 15 minutes");
  EXPECT_EQ(describe("* * * * *"), "every minute");
  EXPECT_EQ(describe("0 0 12 * * ?"), "at 12:00");
  EXPECT_EQ(describe("0 5 0/6 * * ?"), "every 6 hours, 5 minutes past the hour");
  EXPECT_EQ(describe("0 0 6 LW * ?"), "at 06:00, on the last working day of the month");
  EXPECT_EQ(describe("0 0 6 ? JAN 6#3"), "at 06:00, on the third Friday of the month, in January");
  EXPECT_EQ(describe("0 0 1 * 1"), "at 00:00, on day 1 of the month or on Monday");
}

}  // namespace
}  // namespace millrace
