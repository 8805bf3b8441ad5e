#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "base/byte_budget.h"
#include "base/file_io.h"
#include "base/memory_budget.h"
#include "base/result.h"
#include "base/secrets.h"
#include "base/uuid.h"

namespace millrace {
namespace {

using std::chrono::milliseconds;

Result<int> Half(int n) {
  if (n % 2 != 0) return ConfigError("{} is odd", n);
  return n / 2;
}

Result<int> Quarter(int n) {
  MR_ASSIGN_OR_RETURN(const int half, Half(n));
  return Half(half);
}

TEST(Result, CarriesValueOrFailure) {
  EXPECT_EQ(*Quarter(12), 3);
  EXPECT_EQ(Quarter(6).status().error().message, "3 is odd");
  EXPECT_EQ(Quarter(6).status().error().type, FailureType::kConfigError);
}

TEST(Status, ContextStandsBeforeTheMessage) {
  const Status status = TransientError("timed out").WithContext("connecting to db");
  EXPECT_EQ(status.ToString(), "connecting to db: timed out");
  EXPECT_EQ(status.error().type, FailureType::kTransientError);
  EXPECT_TRUE(Status::Canceled().WithContext("x").canceled());
}

TEST(ByteBudget, WaitsForBytesGivenBack) {
  ByteBudget budget(100);
  std::stop_source stop;
  ASSERT_TRUE(budget.Take(60, Deadline::Never(), stop.get_token()).ok());
  EXPECT_EQ(budget.Take(60, Deadline::After(milliseconds(1)), stop.get_token()).code(),
            StatusCode::kDeadline);
  std::jthread other([&] { budget.GiveBack(60); });
  EXPECT_TRUE(budget.Take(60, Deadline::Never(), stop.get_token()).ok());
}

TEST(ByteBudget, GrantsWhatIsLargerThanAllWhenAlone) {
  ByteBudget budget(100);
  std::stop_source stop;
  EXPECT_TRUE(budget.Take(500, Deadline::After(milliseconds(1)), stop.get_token()).ok());
  EXPECT_EQ(budget.Take(1, Deadline::After(milliseconds(1)), stop.get_token()).code(),
            StatusCode::kDeadline);
  stop.request_stop();
  EXPECT_TRUE(budget.Take(1, Deadline::Never(), stop.get_token()).canceled());
}

TEST(MemoryBudget, ChoosesTheLargest) {
  MemoryBudget budget(100);
  auto small = budget.OpenAccount();
  auto large = budget.OpenAccount();
  small->Report(30);
  large->Report(60);
  EXPECT_FALSE(large->ShouldShrink());
  small->Report(45);
  EXPECT_TRUE(large->ShouldShrink());
  EXPECT_FALSE(large->ShouldShrink());
  EXPECT_FALSE(small->ShouldShrink());
  large.reset();
  EXPECT_EQ(budget.bytes_held(), 45);
}

TEST(Secrets, StrikesTheLongestFirst) {
  Secrets::Register("hunter2");
  Secrets::Register("hunter2hunter3");
  EXPECT_EQ(Secrets::Redact("a hunter2hunter3 b hunter2 c"), "a ********** b ********** c");
}

TEST(Secrets, ShortOnesAreStruckOnlyWhereTheyStandAlone) {
  Secrets::Register("shop");
  Secrets::Register("long-enough-to-be-unique");
  EXPECT_EQ(Secrets::Redact("password=shop shop_orders workshop (shop)"),
            "password=********** shop_orders workshop (**********)");
  EXPECT_EQ(Secrets::Redact("xlong-enough-to-be-uniquex"), "x**********x");
}

TEST(Secrets, ScopeKeepsItsOwn) {
  Secrets::Register("of-the-process");
  {
    const Secrets::Scope scope({"has"});
    Secrets::Register("within-a-call");
    EXPECT_EQ(Secrets::Redact("it has within-a-call, of-the-process"),
              "it ********** **********, of-the-process");
    EXPECT_EQ(Secrets::RedactAll("it has within-a-call, of-the-process"),
              "it ********** **********, **********");
    const Secrets::Scope inner;
    EXPECT_EQ(Secrets::Redact("it has within-a-call"), "it has within-a-call");
  }
  EXPECT_EQ(Secrets::Redact("it has within-a-call, of-the-process"),
            "it has within-a-call, **********");
}

TEST(Uuid, Version7CountsWithinABatch) {
  UuidV7Batch batch{WallTime(std::chrono::milliseconds(0x0123456789ab))};
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) {
    std::string id(UuidV7Batch::kTextSize, ' ');
    batch.Next(id.data());
    EXPECT_EQ(id.substr(0, 15), "01234567-89ab-7");
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 1000u);
}

TEST(FileIo, ReplacesAFileAndNamesAMissingOne) {
  const auto folder = std::filesystem::temp_directory_path() / RandomUuid();
  ASSERT_TRUE(WriteFileAtomically(folder / "a" / "state.json", "one").ok());
  ASSERT_TRUE(WriteFileAtomically(folder / "a" / "state.json", "two").ok());
  EXPECT_EQ(*ReadFile(folder / "a" / "state.json"), "two");
  const Status missing = ReadFile(folder / "b").status();
  EXPECT_EQ(missing.error().type, FailureType::kConfigError);
  EXPECT_THAT(missing.ToString(), testing::HasSubstr((folder / "b").string()));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace millrace
