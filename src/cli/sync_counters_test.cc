#include "cli/sync_counters.h"

#include <gmock/gmock.h>

#include <fstream>

namespace millrace {
namespace {

class SyncCountersTest : public ::testing::Test {
 protected:
  SyncCountersTest()
      : path_(std::filesystem::path(::testing::TempDir()) /
              ::testing::UnitTest::GetInstance()->current_test_info()->name() / "counters.json") {
    std::filesystem::remove_all(path_.parent_path());
  }

  static ConfiguredStream StreamIn(SyncMode mode, DestinationSyncMode destination) {
    ConfiguredStream stream;
    stream.stream.descriptor = {"users", "public"};
    stream.sync_mode = mode;
    stream.destination_sync_mode = destination;
    return stream;
  }

  const std::filesystem::path path_;
};

TEST_F(SyncCountersTest, OverwriteReplacesWithANewGenerationEachTime) {
  SyncCounters counters = *SyncCounters::Load(path_);
  auto stream = StreamIn(SyncMode::kFullRefresh, DestinationSyncMode::kOverwrite);
  for (int64_t generation = 1; generation <= 3; ++generation) {
    EXPECT_FALSE(counters.generations().Assign(&stream, RefreshMode::kNone, false));
    EXPECT_EQ(stream.generation_id, generation);
    EXPECT_TRUE(stream.replaces_table());
    if (generation == 2) counters.generations().Complete(stream.descriptor());
  }
}

TEST_F(SyncCountersTest, AppendKeepsItsGenerationExceptForAReadAgain) {
  SyncCounters counters = *SyncCounters::Load(path_);
  auto incremental = StreamIn(SyncMode::kIncremental, DestinationSyncMode::kAppend);
  for (const bool retried : {false, true, false}) {
    EXPECT_FALSE(counters.generations().Assign(&incremental, RefreshMode::kNone, retried));
    EXPECT_EQ(incremental.generation_id, 1);
    EXPECT_EQ(incremental.minimum_generation_id, 0);
  }
  auto full = StreamIn(SyncMode::kFullRefresh, DestinationSyncMode::kAppend);
  counters.generations().Assign(&full, RefreshMode::kNone, /*retried=*/true);
  EXPECT_EQ(full.generation_id, 2);
  EXPECT_EQ(full.minimum_generation_id, 0);
}

TEST_F(SyncCountersTest, ARefreshReplacesAndIsBegunAgainUntilItIsComplete) {
  auto stream = StreamIn(SyncMode::kIncremental, DestinationSyncMode::kAppend);
  {
    SyncCounters counters = *SyncCounters::Load(path_);
    counters.BeginSync();
    counters.BeginAttempt(WallTime(std::chrono::seconds(7)));
    counters.generations().Assign(&stream, RefreshMode::kNone, false);
    EXPECT_TRUE(counters.generations().Assign(&stream, RefreshMode::kTruncate, false));
    EXPECT_EQ(stream.generation_id, 2);
    EXPECT_TRUE(stream.replaces_table());
    ASSERT_TRUE(counters.Save().ok());
  }
  // The attempt failed; a later process knows.
  SyncCounters counters = *SyncCounters::Load(path_);
  EXPECT_EQ(counters.sync_id(), 1);
  EXPECT_EQ(counters.attempt_id(), 1);
  EXPECT_EQ(counters.fencing_token(), 7000);
  EXPECT_TRUE(counters.generations().Assign(&stream, RefreshMode::kNone, false));
  EXPECT_EQ(stream.generation_id, 3);
  EXPECT_TRUE(stream.replaces_table());
  EXPECT_TRUE(counters.generations().Complete(stream.descriptor()));
  EXPECT_FALSE(counters.generations().Complete(stream.descriptor()));
  EXPECT_FALSE(counters.generations().Assign(&stream, RefreshMode::kNone, false));
  EXPECT_EQ(stream.generation_id, 3);
  EXPECT_EQ(stream.minimum_generation_id, 0);
}

TEST_F(SyncCountersTest, AMergingRefreshReadsAnewAndKeepsTheTable) {
  SyncCounters counters = *SyncCounters::Load(path_);
  auto stream = StreamIn(SyncMode::kIncremental, DestinationSyncMode::kAppendDedup);
  counters.generations().Assign(&stream, RefreshMode::kNone, false);
  EXPECT_TRUE(counters.generations().Assign(&stream, RefreshMode::kMerge, false));
  EXPECT_EQ(stream.generation_id, 2);
  EXPECT_EQ(stream.minimum_generation_id, 0);
  EXPECT_FALSE(counters.generations().Assign(&stream, RefreshMode::kNone, /*retried=*/true));
  EXPECT_EQ(stream.generation_id, 2) << "it goes on where the first attempt came to";
}

TEST_F(SyncCountersTest, AnUnfinishedFullRefreshGoesOnInItsGeneration) {
  for (const auto mode : {DestinationSyncMode::kOverwrite, DestinationSyncMode::kAppend}) {
    std::filesystem::remove(path_);
    auto stream = StreamIn(SyncMode::kFullRefresh, mode);
    const auto assign = [&](const std::string& shape, RefreshMode refresh = RefreshMode::kNone) {
      SyncCounters counters = *SyncCounters::Load(path_);
      stream.goes_on = true;  // there is a state
      counters.generations().Assign(&stream, refresh, /*retried=*/true, shape);
      EXPECT_TRUE(counters.Save().ok());
      return stream.goes_on;
    };
    EXPECT_FALSE(assign("x")) << "nothing was begun";
    const int64_t first = stream.generation_id;
    for (int retry = 0; retry < 2; ++retry) {
      EXPECT_TRUE(assign("x"));
      EXPECT_EQ(stream.generation_id, first);
      EXPECT_EQ(stream.replaces_table(), mode == DestinationSyncMode::kOverwrite);
    }
    EXPECT_FALSE(assign("y")) << "it looks otherwise";
    EXPECT_EQ(stream.generation_id, first + 1);
    EXPECT_FALSE(assign("y", RefreshMode::kTruncate));
    EXPECT_EQ(stream.generation_id, first + 2);
    EXPECT_TRUE(stream.replaces_table());
    EXPECT_TRUE(assign("y")) << "a refresh that was interrupted goes on, too";
    EXPECT_EQ(stream.generation_id, first + 2);
    EXPECT_TRUE(stream.replaces_table());
    SyncCounters counters = *SyncCounters::Load(path_);
    EXPECT_TRUE(counters.generations().IsUnfinished(stream.descriptor()));
    EXPECT_TRUE(counters.generations().Complete(stream.descriptor()));
    EXPECT_FALSE(counters.generations().Complete(stream.descriptor()));
    EXPECT_TRUE(counters.Save().ok());
    EXPECT_FALSE(assign("y")) << "it is complete";
  }
}

TEST_F(SyncCountersTest, AnIncrementalStreamHasNoUseForAnUnfinishedFullRefresh) {
  SyncCounters counters = *SyncCounters::Load(path_);
  auto full = StreamIn(SyncMode::kFullRefresh, DestinationSyncMode::kAppend);
  counters.generations().Assign(&full, RefreshMode::kNone, false, "x");
  auto incremental = StreamIn(SyncMode::kIncremental, DestinationSyncMode::kAppend);
  EXPECT_FALSE(counters.generations().Assign(&incremental, RefreshMode::kNone, false));
  EXPECT_GT(incremental.generation_id, full.generation_id) << "its hidden rows are not shown";
}

TEST_F(SyncCountersTest, FencingTokensGrowThoughTheClockGoesBackOrTheFileIsLost) {
  SyncCounters counters = *SyncCounters::Load(path_);
  counters.BeginAttempt(WallTime(std::chrono::milliseconds(5000)));
  counters.BeginAttempt(WallTime(std::chrono::milliseconds(5000)));
  counters.BeginAttempt(WallTime(std::chrono::milliseconds(1000)));
  EXPECT_EQ(counters.attempt_id(), 3);
  EXPECT_EQ(counters.fencing_token(), 5002);
  SyncCounters anew = *SyncCounters::Load(path_);  // nothing was saved
  anew.BeginAttempt(WallTime(std::chrono::milliseconds(6000)));
  EXPECT_EQ(anew.attempt_id(), 1);
  EXPECT_GT(anew.fencing_token(), counters.fencing_token());
}

TEST_F(SyncCountersTest, NamesADamagedFile) {
  std::filesystem::create_directories(path_.parent_path());
  std::ofstream(path_) << "{\"sync_id\": 1}";
  const auto counters = SyncCounters::Load(path_);
  ASSERT_FALSE(counters.ok());
  EXPECT_THAT(counters.status().ToString(), ::testing::HasSubstr(path_.string()));
}

}  // namespace
}  // namespace millrace
