#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "lake/testing/dedup_fixture.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(DedupTest, TheLastChangeOfAKeyStays) {
  Begin();
  Put(R"([[1, "a"], [2, "b"], [1, "c"]])");
  ASSERT_TRUE(Commit(1).ok());
  EXPECT_THAT(Seen(), IsEmpty());  // staged
  Put(R"([[3, "d"], [2, "e"]])");
  CommitAndFinish(2);
  EXPECT_THAT(Seen(), ElementsAre("1 c", "2 e", "3 d"));
  Sync(3, R"([[2, "f"], [4, "g"], [4, "h"]])");
  EXPECT_THAT(Seen(), ElementsAre("1 c", "2 f", "3 d", "4 h"));
  EXPECT_THAT(Files(), ElementsAre("users/0.parquet"));
  EXPECT_EQ(StagedChanges(), 0U);
}

TEST_F(DedupTest, UntouchedFilesStayAndAKeyNeverMoves) {
  dedup_.file_bytes = 1;  // every merge fills its file
  Sync(1, R"([[1, "a"], [2, "b"]])");
  Sync(2, R"([[3, "c"], [4, "d"]])");
  Sync(3, R"([[5, "e"]])");
  ASSERT_THAT(Files(), SizeIs(3));
  const auto modified = [this](const std::string& file) {
    return std::filesystem::last_write_time(root_ / file);
  };
  const auto first = modified("users/0.parquet");
  const auto third = modified("users/2.parquet");
  Sync(4, R"([[4, "D"], [6, "f"]])");
  EXPECT_THAT(Files(), SizeIs(4));
  EXPECT_EQ(modified("users/0.parquet"), first);
  EXPECT_EQ(modified("users/2.parquet"), third);
  EXPECT_THAT(RowsOf("users/1.parquet"), ElementsAre("3 c", "4 D"));
  EXPECT_THAT(RowsOf("users/3.parquet"), ElementsAre("6 f"));
}

TEST_F(DedupTest, ManyFilesAreMergedAtATimeAsOneAfterTheOther) {
  const auto seed = std::random_device{}();
  std::mt19937 random(seed);
  SCOPED_TRACE("seed " + std::to_string(seed));
  dedup_.file_bytes = 1;  // every merge fills its file
  context_.lanes = 4;
  std::map<int, std::string> expected;
  for (int sync = 1; sync <= 12; ++sync) {
    std::string rows;
    for (int i = 0; i < 40; ++i) {
      const int id = static_cast<int>(random() % 300);
      const std::string value = std::to_string(sync) + "." + std::to_string(i);
      rows += (i == 0 ? "[" : ", ") + ("[" + std::to_string(id)) + ", \"" + value + "\"]";
      expected[id] = value;
    }
    Sync(sync, rows + "]");
    if (HasFatalFailure()) return;
    std::vector<std::string> lines;
    for (const auto& [id, value] : expected) lines.push_back(std::to_string(id) + " " + value);
    std::sort(lines.begin(), lines.end());
    ASSERT_EQ(Seen(), lines) << "sync " << sync;
  }
}

TEST_F(DedupTest, TellsWhatMergingTook) {
  dedup_.file_bytes = 1;
  Sync(1, R"([[1, "a"], [2, "b"]])");
  Sync(2, R"([[3, "c"]])");
  Begin(2);
  Put(R"([[3, "C"], [4, "d"]])");
  CommitAndFinish(3);
  const MergeTotals totals = load_->TakeMergeTotals(stream().descriptor());
  EXPECT_EQ(totals.files_replaced, 1);
  EXPECT_EQ(totals.files_added, 1);
  EXPECT_EQ(totals.files_removed, 0);
  EXPECT_GT(totals.bytes_read, 0);
  const auto written = std::filesystem::file_size(root_ / "users/1.parquet") +
                       std::filesystem::file_size(root_ / "users/2.parquet");
  EXPECT_EQ(totals.bytes_written, static_cast<int64_t>(written));
  EXPECT_EQ(load_->TakeMergeTotals(stream().descriptor()), MergeTotals{}) << "they are taken";
}

TEST_F(DedupTest, WhoTakesChangesAwayIsFirstInTheChain) {
  Sync(1, R"([[1, "a"]])");
  Begin(1);
  Put(R"([[2, "b"]])");
  // Its changes lie there, and the manifest that names them is about to be stored.
  std::unique_ptr<Load> older;
  std::unique_ptr<StreamWriter> older_writer;
  store_->BeforePut([&] {
    older = std::move(load_);
    older_writer = std::move(writer_);
    context_.started_at = std::chrono::time_point_cast<std::chrono::microseconds>(
        std::chrono::system_clock::now() + std::chrono::seconds(1));
    Begin(1);
  });
  EXPECT_FALSE(Commit(2).ok()) << "its changes are gone";
  ASSERT_NE(older, nullptr);
  (void)older->Close().ok();
  Put(R"([[3, "c"]])");
  CommitAndFinish(2);
  Sync(3, R"([[4, "d"]])");
  EXPECT_THAT(Seen(), ElementsAre("1 a", "3 c", "4 d"));
}

TEST_F(DedupTest, NullsInKeysAreEqualAndKeysMayBeComposite) {
  stream().primary_key = {{"id"}, {"v"}};
  Sync(1, R"([[1, "a"], [1, null], [null, null], [1, "a"], [null, "a"]])");
  EXPECT_THAT(Seen(), ElementsAre("1 a", "1 null", "null a", "null null"));
  Sync(2, R"([[1, null], [null, "a"], [2, null]])");
  EXPECT_THAT(Seen(), ElementsAre("1 a", "1 null", "2 null", "null a", "null null"));
}

TEST_F(DedupTest, DeletesAreHardOrSoft) {
  schema_ = arrow::schema({arrow::field("id", arrow::int64()), arrow::field("v", arrow::utf8()),
                           arrow::field("_ab_cdc_deleted_at", arrow::utf8())});
  Sync(1, R"([[1, "a", null], [2, "b", null], [3, "c", "now"]])");
  EXPECT_THAT(Seen(), ElementsAre("1 a null", "2 b null"));
  Sync(2, R"([[1, null, "now"], [2, null, "now"], [2, "again", null], [9, null, "now"]])");
  EXPECT_THAT(Seen(), ElementsAre("2 again null"));
  dedup_.hard_deletes = false;
  Sync(3, R"([[2, null, "now"]])");
  EXPECT_THAT(Seen(), ElementsAre("2 null now"));
  Sync(4, R"([[2, "back", null]])");
  EXPECT_THAT(Seen(), ElementsAre("2 back null"));
}

TEST_F(DedupTest, AnEmptiedFileIsRemovedButTheTableStays) {
  dedup_.file_bytes = 1;
  schema_ = arrow::schema(
      {arrow::field("id", arrow::int64()), arrow::field("_ab_cdc_deleted_at", arrow::utf8())});
  Sync(1, R"([[1, null]])");
  Sync(2, R"([[2, null]])");
  Sync(3, R"([[1, "now"]])");
  EXPECT_THAT(Files(), ElementsAre("users/1.parquet"));
  Sync(4, R"([[2, "now"]])");
  EXPECT_THAT(Files(), SizeIs(1));
  EXPECT_THAT(Seen(), IsEmpty());
  Sync(5, R"([[1, null]])");
  EXPECT_THAT(Seen(), ElementsAre("1 null"));
}

TEST_F(DedupTest, AUsersCursorDecidesWhateverCameFirst) {
  stream().stream.source_defined_cursor = false;
  stream().cursor_field = {"at"};
  schema_ = arrow::schema({arrow::field("id", arrow::int64()), arrow::field("at", arrow::int64()),
                           arrow::field("v", arrow::utf8())});
  Sync(1, R"([[1, 5, "a"], [1, 4, "b"], [2, null, "c"], [3, 7, "d"], [3, 7, "e"]])");
  EXPECT_THAT(Seen(), ElementsAre("1 5 a", "2 null c", "3 7 e"));
  Sync(2, R"([[1, -9, "f"], [2, -9, "g"], [3, 7, "h"], [3, null, "i"]])");
  EXPECT_THAT(Seen(), ElementsAre("1 5 a", "2 -9 g", "3 7 h"));
}

TEST_F(DedupTest, ValuesNotSentComeFromTheRowBefore) {
  schema_ = arrow::schema({arrow::field("id", arrow::int64()), arrow::field("big", arrow::utf8()),
                           arrow::field("v", arrow::utf8()),
                           arrow::field(std::string(kMetaColumn), meta_type())});
  Sync(1, R"([[1, "BIG", "a", [1, []]], [2, "TWO", "b", [1, []]]])");
  Begin(1);
  // Once from the stored row; twice in a row; from a change of the same sync; from nowhere.
  PutUnsent(R"([[1, null, "c", [2, []]], [1, null, "d", [2, []]], [3, "NEW", "e", [2, []]],
                [3, null, "f", [2, []]], [4, null, "g", [2, []]]])",
            1, "[true, true, false, true, true]");
  CommitAndFinish(2);
  const auto seen = Seen();
  ASSERT_THAT(seen, SizeIs(4));
  EXPECT_THAT(seen[0], HasSubstr("1 BIG d"));
  EXPECT_THAT(seen[1], HasSubstr("2 TWO b"));
  EXPECT_THAT(seen[2], HasSubstr("3 NEW f"));
  EXPECT_THAT(seen[3], HasSubstr("4 null g"));
  EXPECT_THAT(seen[3], HasSubstr("SOURCE_RETRIEVAL_ERROR"));
  EXPECT_THAT(seen[0], testing::Not(HasSubstr("SOURCE_RETRIEVAL_ERROR")));
}

TEST_F(DedupTest, TruncateVoidsWhatCameBefore) {
  Sync(1, R"([[1, "a"], [2, "b"]])");
  Begin(1);
  Put(R"([[3, "c"]])");
  ASSERT_TRUE(Commit(2).ok());
  Put(R"([[4, "d"]])");
  ASSERT_TRUE(writer_->Truncate().ok());
  Put(R"([[2, "e"]])");
  CommitAndFinish(3);
  EXPECT_THAT(Seen(), ElementsAre("2 e"));
  Begin(3);
  ASSERT_TRUE(writer_->Truncate().ok());
  CommitAndFinish(4);
  EXPECT_THAT(Seen(), IsEmpty());
  EXPECT_THAT(Files(), SizeIs(1));
  EXPECT_EQ(StagedChanges(), 0U);
  EXPECT_EQ(StagedFiles(), 0U);
}

TEST_F(DedupTest, TheNewestSetOfAParentReplacesAllOfItsRows) {
  stream().primary_key.clear();
  stream().replace_by = {"id"};
  const auto put = [this](const std::string& rows, const std::string& change,
                          const std::string& empty) {
    ChangeBatch batch = Rows(rows);
    auto sets = std::make_shared<ReplacedSets>();
    sets->change = std::static_pointer_cast<arrow::Int64Array>(
        arrow::json::ArrayFromJSONString(arrow::int64(), change).ValueOrDie());
    sets->empty = Bools(empty);
    batch.replaces = sets;
    Put(batch);
  };
  Begin();
  put(R"([[1, "a"], [1, "b"], [2, "c"]])", "[1, 1, 2]", "[false, false, false]");
  put(R"([[1, "d"], [3, "x"]])", "[3, 4]", "[false, false]");
  CommitAndFinish(1);
  EXPECT_THAT(Seen(), ElementsAre("1 d", "2 c", "3 x"));
  Begin(1);
  put(R"([[2, "e"], [2, "f"], [3, null]])", "[1, 1, 2]", "[false, false, true]");
  CommitAndFinish(2);
  EXPECT_THAT(Seen(), ElementsAre("1 d", "2 e", "2 f"));
}

TEST_F(DedupTest, ANewGenerationIsHiddenUntilItReplacesTheTable) {
  Sync(1, R"([[1, "a"], [2, "b"]])");
  stream().destination_sync_mode = DestinationSyncMode::kOverwriteDedup;
  stream().generation_id = stream().minimum_generation_id = 2;
  Begin(1);
  Put(R"([[1, "x"], [3, "y"]])");
  ASSERT_TRUE(Commit(2).ok());
  EXPECT_THAT(Seen(), ElementsAre("1 a", "2 b"));
  Begin(2);  // killed, and on again
  Put(R"([[3, "z"]])");
  CommitAndFinish(3);
  EXPECT_THAT(Seen(), ElementsAre("1 x", "3 z"));
  EXPECT_EQ(StagedChanges(), 0U);
}

TEST_F(DedupTest, AnotherKeyMakesTheTableAnew) {
  Sync(1, R"([[1, "a"], [2, "a"], [3, "b"]])");
  stream().primary_key = {{"v"}};
  Sync(2, R"([[4, "c"]])");
  EXPECT_THAT(Seen(), ElementsAre("2 a", "3 b", "4 c"));
  stream().primary_key = {{"id"}};
  stream().destination_sync_mode = DestinationSyncMode::kAppend;
  Sync(3, R"([[4, "d"], [4, "e"]])");
  EXPECT_THAT(Seen(), SizeIs(5));
  stream().destination_sync_mode = DestinationSyncMode::kAppendDedup;
  Sync(4, R"([[5, "f"]])");
  EXPECT_THAT(Seen(), ElementsAre("2 a", "3 b", "4 e", "5 f"));
}

TEST_F(DedupTest, ReplacedFilesGetTheNewSchema) {
  Sync(1, R"([[1, "1"], [2, "2"]])");
  schema_ = arrow::schema(
      {arrow::field("id", arrow::decimal128(20, 2)), arrow::field("added", arrow::int64(), false)});
  Sync(2, R"([["2.00", 7], ["3.50", 8]])");
  EXPECT_THAT(Seen(), ElementsAre("1.00 null", "2.00 7", "3.50 8"));
  schema_ = arrow::schema(
      {arrow::field("id", arrow::decimal128(20, 2)), arrow::field("added", arrow::utf8())});
  Sync(3, R"([["1.00", "x"]])");
  EXPECT_THAT(Seen(), ElementsAre("1.00 x", "2.00 7", "3.50 8"));
}

TEST_F(DedupTest, MergesWaitForTheirInterval) {
  context_.merge_interval = std::chrono::hours(1);
  Sync(1, R"([[1, "a"]])");
  EXPECT_THAT(Seen(), ElementsAre("1 a"));  // a table that is new does not wait
  Sync(2, R"([[1, "b"], [2, "c"]])");
  EXPECT_THAT(Seen(), ElementsAre("1 a"));
  EXPECT_EQ(StagedChanges(), 1U);
  context_.started_at += std::chrono::minutes(61);
  Sync(3, R"([[2, "d"]])");
  EXPECT_THAT(Seen(), ElementsAre("1 b", "2 d"));
  Sync(4, R"([[2, "e"]])");
  stream().destination_sync_mode = DestinationSyncMode::kAppend;
  Sync(5, R"([[2, "f"]])");
  EXPECT_THAT(Seen(), ElementsAre("1 b", "2 e", "2 f"));  // what waited came first
}

TEST_F(DedupTest, WhatWasCommittedWithoutAStateIsWithdrawn) {
  Sync(1, R"([[1, "a"]])");
  Begin(1);
  Put(R"([[1, "b"], [2, "b"]])");
  ASSERT_TRUE(Commit(2).ok());
  Begin(1);  // its state was not saved
  Put(R"([[1, "c"]])");
  CommitAndFinish(2);
  EXPECT_THAT(Seen(), ElementsAre("1 c"));
  EXPECT_EQ(StagedChanges(), 0U);
}

TEST_F(DedupTest, RefusesAStreamWithoutAKeyAndOtherFormats) {
  stream().primary_key.clear();
  EXPECT_THAT(CheckLakeCatalog(catalog_, layout_, format_).ToString(), HasSubstr("primary_key"));
  stream().primary_key = {{"id", "inner"}};
  EXPECT_THAT(CheckLakeCatalog(catalog_, layout_, format_).ToString(), HasSubstr("inside id"));
  stream().primary_key = {{"id"}};
  format_.type = FileFormat::Type::kCsv;
  EXPECT_THAT(CheckLakeCatalog(catalog_, layout_, format_).ToString(), HasSubstr("Parquet"));
}

}  // namespace
}  // namespace millrace
