#include "lake/lake_load.h"

#include <arrow/json/from_string.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "connector/number_type.h"
#include "lake/lake_destination.h"
#include "lake/testing/lake_load_fixture.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(LakeLoadTest, AppendShowsRowsAtCommitAndGoesOnWithPartNumbers) {
  Open();
  Write({1, 2});
  EXPECT_THAT(Files(), IsEmpty());
  ASSERT_TRUE(Commit(1).ok());
  EXPECT_THAT(Rows(), ElementsAre(1, 2));
  Write({3});
  ASSERT_TRUE(Commit(2).ok());
  ASSERT_TRUE(Finish().ok());
  ASSERT_TRUE(load_->Close().ok());
  EXPECT_THAT(log_.committed, ElementsAre(1, 2));

  Open(2);
  Write({4});
  ASSERT_TRUE(Commit(3).ok());
  ASSERT_TRUE(Finish().ok());
  EXPECT_THAT(Files(), ElementsAre("users/0.parquet", "users/1.parquet", "users/2.parquet"));
  EXPECT_THAT(Rows(), ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(StagedFiles(), 0U);
}

TEST_F(LakeLoadTest, OverwriteShowsTheNewGenerationOnlyWhenItIsComplete) {
  Overwrite(1);
  Open();
  Write({1, 2});
  ASSERT_TRUE(Commit(1).ok());
  EXPECT_THAT(Files(), IsEmpty());
  ASSERT_TRUE(Finish().ok());
  EXPECT_THAT(Rows(), ElementsAre(1, 2));

  Overwrite(2);
  Open(1);
  Write({3});
  ASSERT_TRUE(Commit(2).ok());
  EXPECT_THAT(Rows(), ElementsAre(1, 2));
  ASSERT_TRUE(Finish(StreamStatus::kIncomplete).ok());
  ASSERT_TRUE(load_->Close().ok());
  EXPECT_THAT(Rows(), ElementsAre(1, 2));

  Open(2);  // the next attempt reads it all again
  Write({4});
  ASSERT_TRUE(Commit(3).ok());
  ASSERT_TRUE(Finish().ok());
  EXPECT_THAT(Rows(), ElementsAre(4));
  EXPECT_EQ(StagedFiles(), 0U);
}

TEST_F(LakeLoadTest, OverwriteOfAnEmptyStreamLeavesOneEmptyFileWithTheSchema) {
  Overwrite(1);
  Open();
  Write({1});
  ASSERT_TRUE(Commit(1).ok());
  ASSERT_TRUE(Finish().ok());
  Overwrite(2);
  Open(1);
  ASSERT_TRUE(Finish().ok());
  ASSERT_THAT(Files(), SizeIs(1));
  EXPECT_THAT(Rows(), IsEmpty());
  EXPECT_EQ(ReadFile(Files()[0])->schema()->field(0)->name(), "id");
}

TEST_F(LakeLoadTest, FullRefreshAppendShowsRowsAtTheEnd) {
  stream().sync_mode = SyncMode::kFullRefresh;
  Open();
  Write({1});
  ASSERT_TRUE(Commit(1).ok());
  EXPECT_THAT(Files(), IsEmpty());
  ASSERT_TRUE(Finish().ok());
  Open(1);
  Write({1});
  ASSERT_TRUE(Commit(2).ok());
  ASSERT_TRUE(Finish().ok());
  EXPECT_THAT(Rows(), ElementsAre(1, 1));
}

TEST_F(LakeLoadTest, StreamWithoutRowsMakesOneEmptyFileUnlessItHasFiles) {
  Open();
  ASSERT_TRUE(Finish().ok());
  EXPECT_THAT(Files(), ElementsAre("users/0.parquet"));
  Open();
  ASSERT_TRUE(Finish().ok());
  EXPECT_THAT(Files(), ElementsAre("users/0.parquet"));
}

TEST_F(LakeLoadTest, OthersFilesAreNeitherReplacedNorRemoved) {
  std::filesystem::create_directories(root_ / "users");
  { std::ofstream(root_ / "users/0.parquet") << "theirs"; }
  Overwrite(1);
  Open();
  Write({1});
  ASSERT_TRUE(Commit(1).ok());
  ASSERT_TRUE(Finish().ok());
  EXPECT_THAT(Files(), ElementsAre("users/0.parquet", "users/1.parquet"));
  EXPECT_EQ(std::filesystem::file_size(root_ / "users/0.parquet"), 6U);
}

TEST_F(LakeLoadTest, NumbersBecomeTextFromTheFirstThatNoDoubleHolds) {
  const auto schema = arrow::schema({arrow::field("n", number())});
  const auto batch = [&](const std::string& json) {
    auto texts = arrow::json::ArrayFromJSONString(arrow::utf8(), json).ValueOrDie();
    auto column = arrow::ExtensionType::WrapArray(number(), texts);
    return ChangeBatch{arrow::RecordBatch::Make(schema, column->length(), {column}), {}, {}};
  };
  Open();
  OpenWriter(schema);
  ASSERT_TRUE(writer_->Write(batch(R"(["1.5", null, "0.1"])")).ok());
  ASSERT_TRUE(writer_->Write(batch(R"(["12345678901234567890.123"])")).ok());
  ASSERT_TRUE(Commit(1).ok());
  ASSERT_TRUE(Finish().ok());
  Open(1);  // the decision is in the manifest
  OpenWriter(schema);
  ASSERT_TRUE(writer_->Write(batch(R"(["2"])")).ok());
  ASSERT_TRUE(Commit(2).ok());
  ASSERT_THAT(Files(), SizeIs(3));
  EXPECT_EQ(ReadFile(Files()[0])->schema()->field(0)->type()->ToString(), "double");
  EXPECT_EQ(ReadFile(Files()[0])->num_rows(), 3);
  EXPECT_EQ(ReadFile(Files()[1])->schema()->field(0)->type()->ToString(), "string");
  EXPECT_EQ(ReadFile(Files()[2])->schema()->field(0)->type()->ToString(), "string");
}

TEST_F(LakeLoadTest, SchemaChangeStartsAnotherFile) {
  Open();
  Write({1});
  const auto wider = arrow::schema({IdSchema()->field(0), arrow::field("name", arrow::utf8())});
  ASSERT_TRUE(writer_->SetSchema(wider).ok());
  auto names = arrow::json::ArrayFromJSONString(arrow::utf8(), R"(["Ada"])").ValueOrDie();
  ASSERT_TRUE(
      writer_
          ->Write({arrow::RecordBatch::Make(wider, 1, {Ids({2}).rows->column(0), names}), {}, {}})
          .ok());
  ASSERT_TRUE(Commit(1).ok());
  ASSERT_THAT(Files(), SizeIs(2));
  EXPECT_EQ(ReadFile(Files()[0])->num_columns(), 1);
  EXPECT_EQ(ReadFile(Files()[1])->num_columns(), 2);
}

TEST_F(LakeLoadTest, UnsentValueOfARequiredColumnBecomesNull) {
  Open();
  Write({1});
  ChangeBatch batch = Ids({2, 3});
  auto unsent = arrow::json::ArrayFromJSONString(arrow::boolean(), "[false, true]").ValueOrDie();
  batch.unchanged.columns = {std::static_pointer_cast<arrow::BooleanArray>(unsent)};
  ASSERT_TRUE(writer_->Write(batch).ok());
  ASSERT_TRUE(Commit(1).ok());
  ASSERT_THAT(Files(), SizeIs(2));
  EXPECT_FALSE(ReadFile(Files()[0])->schema()->field(0)->nullable());
  EXPECT_EQ(ReadFile(Files()[1])->column(0)->null_count(), 1);
}

TEST_F(LakeLoadTest, RefusesWhatCannotWork) {
  stream().destination_sync_mode = DestinationSyncMode::kAppendDedup;
  Status status = CheckLakeCatalog(catalog_, layout_, format_);
  EXPECT_EQ(status.error().type, FailureType::kConfigError);
  EXPECT_THAT(status.ToString(), testing::HasSubstr("append_dedup"));
  stream().destination_sync_mode = DestinationSyncMode::kAppend;
  ConfiguredStream other = stream();
  other.stream.descriptor.name_space = other.destination.name_space = "audit";
  catalog_.streams.push_back(other);
  status = CheckLakeCatalog(catalog_, layout_, format_);  // the path has no namespace
  EXPECT_THAT(status.ToString(), testing::HasSubstr("share the same files"));
}

TEST_F(LakeLoadTest, ATableIsReadBackAsAReaderSeesIt) {
  const auto destination = MakeLakeDestination(
      [this](const std::stop_token&) { return OpenLocalStore(root_); }, layout_, format_);
  EXPECT_THAT(destination->Scan(stream(), {}).status().ToString(), testing::HasSubstr("users"));
  Open();
  Write({1, 2, 3});
  ASSERT_TRUE(Commit(1).ok());
  Write({4});
  ASSERT_TRUE(Commit(2).ok());
  ASSERT_TRUE(Finish().ok());
  auto scan = destination->Scan(stream(), {"id", "no_such"});
  ASSERT_TRUE(scan.ok()) << scan.status().ToString();
  int64_t rows = 0;
  for (;;) {
    auto batch = (*scan)->Next();
    ASSERT_TRUE(batch.ok()) << batch.status().ToString();
    if (*batch == nullptr) break;
    EXPECT_EQ((*batch)->num_columns(), 1);
    rows += (*batch)->num_rows();
  }
  EXPECT_EQ(rows, 4);
}

}  // namespace
}  // namespace millrace
