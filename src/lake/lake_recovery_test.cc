#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lake/testing/lake_load_fixture.h"
#include "lake/upload_claims.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(LakeLoadTest, RowsOfCheckpointsThatWereNotSavedAreWithdrawn) {
  Open();
  Write({1});
  ASSERT_TRUE(Commit(1).ok());
  Write({2});
  ASSERT_TRUE(Commit(2).ok());

  Open(1);
  EXPECT_THAT(Rows(), ElementsAre(1));
  Write({2, 3});
  ASSERT_TRUE(Commit(2).ok());
  EXPECT_THAT(Rows(), ElementsAre(1, 2, 3));

  context_.epoch = "epoch-2";  // nothing is withdrawn across epochs
  Open(0);
  EXPECT_THAT(Rows(), ElementsAre(1, 2, 3));
}

TEST_F(LakeLoadTest, IncrementalStreamReplacesItsTableOverSeveralAttempts) {
  Open();
  Write({100});
  ASSERT_TRUE(Commit(1).ok());
  ASSERT_TRUE(Finish().ok());
  Overwrite(2);
  stream().sync_mode = SyncMode::kIncremental;
  Open(1);
  Write({1});
  ASSERT_TRUE(Commit(2).ok());
  ASSERT_TRUE(Finish(StreamStatus::kIncomplete).ok());
  EXPECT_THAT(Rows(), ElementsAre(100));
  Open(2);  // goes on where the saved state is
  Write({2});
  ASSERT_TRUE(Commit(3).ok());
  ASSERT_TRUE(Finish().ok());
  EXPECT_THAT(Rows(), ElementsAre(1, 2));
  Open(2);  // shown, but its last state was not saved: those rows come again
  Write({2, 3});
  ASSERT_TRUE(Commit(3).ok());
  ASSERT_TRUE(Finish().ok());
  EXPECT_THAT(Rows(), ElementsAre(1, 2, 3));
  Open(3);  // nothing was left to read
  ASSERT_TRUE(Finish().ok());
  EXPECT_THAT(Rows(), ElementsAre(1, 2, 3));
}

TEST_F(LakeLoadTest, OverwriteDropsWhatAnAttemptCommittedWithoutASavedState) {
  Overwrite(1);
  Open();
  Write({1});
  ASSERT_TRUE(Commit(1).ok());
  context_.started_at = Clock::System().WallNow() + std::chrono::seconds(5);
  Open(0);
  EXPECT_EQ(StagedFiles(), 0U);
  Write({1, 2});
  ASSERT_TRUE(Commit(1).ok());
  ASSERT_TRUE(Finish().ok());
  EXPECT_THAT(Rows(), ElementsAre(1, 2));
}

TEST_F(LakeLoadTest, NoteThatACrashLostIsWrittenAgain) {
  Open();
  Write({1});
  ASSERT_TRUE(Commit(1).ok());
  ASSERT_TRUE(Finish().ok());
  const auto note = root_ / "_airbyte_internal/tables/public/users/manifest-000000000001.done";
  ASSERT_TRUE(std::filesystem::remove(note));
  Open(1);
  Write({2});
  ASSERT_TRUE(Commit(2).ok());
  ASSERT_TRUE(Finish().ok());
  EXPECT_THAT(Rows(), ElementsAre(1, 2));
}

TEST_F(LakeLoadTest, DamagedManifestIsRefused) {
  Open();
  Write({1});
  ASSERT_TRUE(Commit(1).ok());
  ASSERT_TRUE(Finish().ok());
  Overwrite(2);
  Open(1);
  Write({2});
  ASSERT_TRUE(Commit(2).ok());
  ASSERT_TRUE(Finish().ok());
  // Only the newest one knows the file of generation 2: by the one before, the next swap would
  // leave it beside generation 3.
  const auto newest = root_ / "_airbyte_internal/tables/public/users/manifest-000000000002.json";
  std::filesystem::resize_file(newest, std::filesystem::file_size(newest) / 2);
  Overwrite(3);
  const Status status = TryOpen(2);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().type, FailureType::kConfigError);
  EXPECT_THAT(status.ToString(), testing::HasSubstr("manifest-000000000002.json is damaged"));
  std::filesystem::remove(newest);
  EXPECT_FALSE(TryOpen(2).ok());
  EXPECT_THAT(Rows(), ElementsAre(2));
}

TEST_F(LakeLoadTest, FullRefreshOfTheSameGenerationReplacesItAgain) {
  Overwrite(1);
  Open();
  Write({1, 2});
  ASSERT_TRUE(Commit(1).ok());
  ASSERT_TRUE(Finish().ok());
  Open(1);
  Write({7});
  ASSERT_TRUE(Commit(2).ok());
  EXPECT_THAT(Rows(), ElementsAre(1, 2));
  ASSERT_TRUE(Finish().ok());
  EXPECT_THAT(Rows(), ElementsAre(7));
}

TEST_F(LakeLoadTest, UnfinishedFullRefreshAppendLeavesNothing) {
  stream().sync_mode = SyncMode::kFullRefresh;
  Open();
  Write({1});
  ASSERT_TRUE(Commit(1).ok());
  ASSERT_TRUE(Finish(StreamStatus::kIncomplete).ok());
  EXPECT_EQ(StagedFiles(), 0U);
  Open(1);
  Write({1, 2});
  ASSERT_TRUE(Commit(2).ok());
  ASSERT_TRUE(Finish().ok());
  EXPECT_THAT(Rows(), ElementsAre(1, 2));
}

TEST_F(LakeLoadTest, UncommittedFilesOfADeadAttemptAreCleanedUp) {
  Open();
  Write({1});
  auto parts = writer_->Flush();  // durable, and then the process dies
  ASSERT_TRUE(parts.ok());
  EXPECT_EQ(StagedFiles(), 1U);
  context_.started_at = Clock::System().WallNow() + std::chrono::seconds(5);
  Open();
  EXPECT_EQ(StagedFiles(), 0U);
  Write({1});
  parts = writer_->Flush();
  ASSERT_TRUE(load_->Close().ok());  // Close knows what it did not commit
  EXPECT_EQ(StagedFiles(), 0U);
}

TEST_F(LakeLoadTest, UploadsThatMayBeAnotherConnectionsStay) {
  context_.started_at = Clock::System().WallNow();
  Open();
  Write({1});
  auto parts = writer_->Flush();  // under way
  ASSERT_TRUE(parts.ok());
  // Its table's files have the same names: the path format leaves the namespace out.
  context_.connection = "other";
  stream().destination.name_space = "sales";
  context_.started_at = Clock::System().WallNow() + std::chrono::seconds(5);
  Open();
  EXPECT_EQ(StagedFiles(), 1U);

  context_.connection = "test";
  stream().destination.name_space = "public";
  Open();
  EXPECT_EQ(StagedFiles(), 1U) << "it may be the other one's by now";
  context_.started_at += std::chrono::hours(24 * (UploadClaims::kClaimDays + 1));
  Open();
  EXPECT_EQ(StagedFiles(), 0U) << "the other connection is gone";
}

TEST_F(LakeLoadTest, FilesOfAClosedLoadMayBeTakenAway) {
  Open();
  Write({1});
  ASSERT_TRUE(Commit(1).ok());
  ASSERT_TRUE(load_->Close().ok());  // a sync that was interrupted
  std::filesystem::remove(root_ / Files()[0]);
  Open(1);  // does not look for it
  Write({2});
  ASSERT_TRUE(Commit(2).ok());
  ASSERT_TRUE(Finish().ok());
  EXPECT_THAT(Rows(), ElementsAre(2));
}

TEST_F(LakeLoadTest, OlderAttemptStops) {
  Open();
  context_.fencing_token = 7;
  Open();
  Write({1});
  ASSERT_TRUE(Commit(1).ok());
  context_.fencing_token = 3;
  EXPECT_THAT(TryOpen(0).ToString(), testing::HasSubstr("newer attempt"));
}

TEST_F(LakeLoadTest, OfTwoWritersAtATimeOneCommits) {
  Open();
  auto first = std::move(load_);
  auto first_writer = std::move(writer_);
  Open();
  Write({1});
  ASSERT_TRUE(Commit(1).ok());
  ASSERT_TRUE(first_writer->Write(Ids({2})).ok());
  auto parts = first_writer->Flush();
  ASSERT_TRUE(parts.ok());
  EXPECT_FALSE(first->Commit({1, {}}, {*parts}).ok());
  EXPECT_THAT(Rows(), ElementsAre(1));
}

TEST_F(LakeLoadTest, AWriterThatStoodStillForManyCommitsOfAnotherIsRefused) {
  constexpr int64_t kCommits = 12;  // the manifest that the first one would write is pruned by then
  Open();
  auto first = std::move(load_);
  auto first_writer = std::move(writer_);
  Open();
  std::vector<int64_t> rows;
  for (int64_t id = 1; id <= kCommits; ++id) {
    Write({id});
    ASSERT_TRUE(Commit(static_cast<CheckpointId>(id)).ok());
    rows.push_back(id);
  }
  ASSERT_TRUE(first_writer->Write(Ids({100})).ok());
  auto parts = first_writer->Flush();
  ASSERT_TRUE(parts.ok());
  const Status refused = first->Commit({1, {}}, {*parts});
  ASSERT_TRUE(refused.failed());
  EXPECT_EQ(refused.error().type, FailureType::kTransientError);
  EXPECT_EQ(Rows(), rows);
  Open(kCommits);
  EXPECT_EQ(Rows(), rows);
}

enum class Mode { kAppend, kOverwrite, kReplaceByIncrements };

/// One store request in turn fails during commit and finish: with all after it, as when the process
/// died there, or alone. The next attempt finds the states that were saved (those whose commit was
/// reported) and delivers what they don't cover.
class LakeLoadCrashTest
    : public LakeLoadTest,
      public testing::WithParamInterface<std::tuple<Mode, FailingStore::Fault>> {
 protected:
  static Mode mode() { return std::get<Mode>(GetParam()); }
  static FailingStore::Fault fault() { return std::get<FailingStore::Fault>(GetParam()); }

  /// True when it came to its end. An attempt that goes on living gives up as RunSync does.
  bool WriteFrom(int64_t first) {
    for (int64_t id = first; id <= 2; ++id) {
      if (!writer_->Write(Ids({id})).ok()) return GiveUp();
      if (!Commit(static_cast<CheckpointId>(id + 1)).ok()) return GiveUp();
    }
    return Finish().ok() || GiveUp();
  }
  bool GiveUp() {
    if (fault() != FailingStore::Fault::kGone) {
      writer_.reset();
      (void)Finish(StreamStatus::kIncomplete).ok();
      (void)load_->Close().ok();
    }
    return false;
  }
};

TEST_P(LakeLoadCrashTest, NoRequestLosesOrDoublesRowsWhenItFails) {
  constexpr int kRequestsMax = 100;
  for (int requests = 0;; ++requests) {
    SCOPED_TRACE(testing::Message() << "fails at request " << requests);
    ASSERT_LT(requests, kRequestsMax) << "the run in which nothing fails was not reached";
    std::filesystem::remove_all(root_);
    stream().generation_id = 1;
    stream().minimum_generation_id = 0;
    stream().sync_mode = SyncMode::kIncremental;
    Open();
    Write({100});
    ASSERT_TRUE(Commit(1).ok());
    ASSERT_TRUE(Finish().ok());
    if (mode() != Mode::kAppend) Overwrite(2);
    if (mode() == Mode::kReplaceByIncrements) stream().sync_mode = SyncMode::kIncremental;

    Open(1);
    log_ = CommitLog();
    store_->FailAfter(requests, fault());
    (void)WriteFrom(1);
    const bool failed = store_->failed();
    const CheckpointId saved = log_.committed.empty() ? 1 : log_.committed.back();
    const std::vector<int64_t> seen = Rows();
    if (mode() == Mode::kAppend) {
      EXPECT_THAT(seen, testing::Contains(100));
    } else {
      EXPECT_THAT(seen, testing::Not(IsEmpty())) << "a reader found an empty table";
    }
    Open(saved);
    if (HasFatalFailure()) return;
    const bool reads_all = mode() == Mode::kOverwrite;
    ASSERT_TRUE(WriteFrom(reads_all ? 1 : static_cast<int64_t>(saved)));
    ASSERT_TRUE(load_->Close().ok());
    if (mode() == Mode::kAppend) {
      EXPECT_THAT(Rows(), ElementsAre(1, 2, 100));
    } else {
      EXPECT_THAT(Rows(), ElementsAre(1, 2));
    }
    if (!failed) break;
  }
}

INSTANTIATE_TEST_SUITE_P(
    ModesAndFaults, LakeLoadCrashTest,
    testing::Combine(testing::Values(Mode::kAppend, Mode::kOverwrite, Mode::kReplaceByIncrements),
                     testing::Values(FailingStore::Fault::kGone, FailingStore::Fault::kOnce,
                                     FailingStore::Fault::kAfterItsEffect)));

}  // namespace
}  // namespace millrace
