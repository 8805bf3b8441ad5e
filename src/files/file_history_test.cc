#include "files/file_history.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>

namespace millrace {
namespace {

WallTime At(int64_t seconds) { return WallTime(std::chrono::seconds(seconds)); }

ObjectInfo File(const std::string& key, int64_t seconds) { return {key, 1, At(seconds), "e"}; }

constexpr int64_t kDay = 86'400;
constexpr int64_t kNow = 100 * kDay;

TEST(FileHistory, WritesAirbytesState) {
  FileHistory history(3, At(kNow));
  EXPECT_EQ(history.ToState().dump(), R"({"history":{},"_ab_source_file_last_modified":null})");
  history.Add("b.csv", At(0));
  history.Add("a/a.csv", At(1) + std::chrono::microseconds(5));
  EXPECT_EQ(
      history.ToState().dump(),
      R"({"history":{"a/a.csv":"1970-01-01T00:00:01.000005Z","b.csv":"1970-01-01T00:00:00.000000Z"},)"
      R"("_ab_source_file_last_modified":"1970-01-01T00:00:01.000005Z_a/a.csv"})");
}

TEST(FileHistory, WantsWhatIsNewOrHasChanged) {
  FileHistory first(3, At(kNow));
  first.Add("a", At(50));
  FileHistory history(3, At(kNow));
  ASSERT_TRUE(history.Load(first.ToState()).ok());
  EXPECT_FALSE(history.Wants(File("a", 50)));
  EXPECT_TRUE(history.Wants(File("a", 51)));
  EXPECT_TRUE(history.Wants(File("a", 49)));  // another file was put there
  EXPECT_TRUE(history.Wants(File("b", 1)));
}

TEST(FileHistory, ForgetsTheOldestAndLooksBackSomeDays) {
  FileHistory first(3, At(kNow));
  const int64_t begin = kNow - kDay;
  for (int i = 0; i < 10'002; ++i) first.Add(fmt::format("f{:05}", i), At(begin + i));
  EXPECT_EQ(first.size(), FileHistory::kFilesMax);
  FileHistory history(3, At(kNow));
  ASSERT_TRUE(history.Load(first.ToState()).ok());
  EXPECT_TRUE(history.full());
  EXPECT_FALSE(history.Wants(File("f00002", begin + 2)));
  EXPECT_TRUE(history.Wants(File("late", begin + 2 + 1)));
  EXPECT_TRUE(history.Wants(File("g", begin + 2)));       // as old as the oldest, after it by name
  EXPECT_TRUE(history.Wants(File("f00001", begin + 1)));  // within three days
  EXPECT_FALSE(history.Wants(File("old", kNow - 3 * kDay - 1)));
}

TEST(FileHistory, TakesAStateOfBeforeVersionFour) {
  FileHistory history(3, At(kNow));
  const Json state = {{"history", {{"1970-01-02", {"a", "b"}}, {"1970-01-03", {"b"}}}},
                      {"_ab_source_file_last_modified", "1970-01-03T10:00:00Z"}};
  ASSERT_TRUE(history.Load(state).ok());
  EXPECT_FALSE(history.Wants(File("a", kDay)));  // long before
  EXPECT_TRUE(history.Wants(File("c", 2 * kDay + 9 * 3600)));
  const Json saved = history.ToState();
  EXPECT_EQ(saved["history"]["a"], "1970-01-02T23:59:59.000000Z");
  EXPECT_EQ(saved["history"]["b"], "1970-01-03T10:00:00.000000Z");
  EXPECT_EQ(saved["v3_min_sync_date"], "1970-01-03T09:00:00.000000Z");

  FileHistory later(3, At(kNow));
  ASSERT_TRUE(later.Load(saved).ok());
  EXPECT_FALSE(later.Wants(File("z", 2 * kDay)));
  EXPECT_TRUE(later.Wants(File("z", 2 * kDay + 9 * 3600)));
}

TEST(FileHistory, RefusesWhatIsNoState) {
  for (const char* text : {R"({"history": {"a": 1}})", R"({"history": []})", R"([1])",
                           R"({"history": {"2024-01-01": ["a"]}})"}) {
    FileHistory history(3, At(kNow));
    const Status loaded = history.Load(Json::parse(text));
    ASSERT_TRUE(loaded.failed()) << text;
    EXPECT_EQ(loaded.error().type, FailureType::kConfigError);
  }
  FileHistory history(3, At(kNow));
  EXPECT_TRUE(history.Load(Json{{"__ab_no_cursor_state_message", true}}).ok());
}

}  // namespace
}  // namespace millrace
