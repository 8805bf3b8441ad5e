#include "lake/lake_load.h"

#include <arrow/array.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/io/file.h>
#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/uuid.h"
#include "clients/object_store/local_store.h"
#include "connector/number_type.h"
#include "lake/testing/failing_store.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

class CommitLog : public CommitListener {
 public:
  void Committed(CheckpointId id) override { committed.push_back(id); }
  void CommitFailed(CheckpointId id, const Status&) override { failed.push_back(id); }
  std::vector<CheckpointId> committed;
  std::vector<CheckpointId> failed;
};

SchemaPtr IdSchema() { return arrow::schema({arrow::field("id", arrow::int64(), false)}); }

ChangeBatch Ids(const std::vector<int64_t>& ids) {
  arrow::Int64Builder builder;
  EXPECT_TRUE(builder.AppendValues(ids).ok());
  auto rows = arrow::RecordBatch::Make(IdSchema(), static_cast<int64_t>(ids.size()),
                                       {builder.Finish().ValueOrDie()});
  return {rows, {}, {}};
}

class LakeLoadTest : public testing::Test {
 protected:
  LakeLoadTest() {
    root_ = std::filesystem::temp_directory_path() / ("lake_load_test." + RandomUuid());
    context_.connection = "test";
    context_.attempt = 1;
    context_.epoch = "epoch-1";
    context_.started_at = WallTime(std::chrono::seconds(1737374400));  // 2025-01-20T12:00:00Z
    layout_.path_format = "${STREAM_NAME}/";
    ConfiguredStream stream;
    stream.stream.descriptor = {"users", "public"};
    stream.destination = {"users", "public"};
    stream.sync_mode = SyncMode::kIncremental;
    stream.generation_id = 1;
    catalog_.streams.push_back(stream);
  }
  ~LakeLoadTest() override { std::filesystem::remove_all(root_); }

  ConfiguredStream& stream() { return catalog_.streams[0]; }
  void Overwrite(int64_t generation) {
    stream().sync_mode = SyncMode::kFullRefresh;
    stream().destination_sync_mode = DestinationSyncMode::kOverwrite;
    stream().generation_id = stream().minimum_generation_id = generation;
  }

  /// A new attempt: what a process does that starts with the states saved so far.
  void Open(CheckpointId last_saved = 0) {
    writer_.reset();
    load_.reset();
    context_.last_saved = last_saved;
    ++context_.fencing_token;
    auto store = OpenLocalStore(root_);
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    auto failing = std::make_unique<FailingStore>(*std::move(store));
    store_ = failing.get();
    auto load = OpenLakeLoad(std::move(failing), layout_, format_, catalog_, context_, log_);
    ASSERT_TRUE(load.ok()) << load.status().ToString();
    load_ = *std::move(load);
    OpenWriter(IdSchema());
  }
  void OpenWriter(const SchemaPtr& schema) {
    auto writer = load_->OpenWriter(stream(), schema, 0);
    ASSERT_TRUE(writer.ok()) << writer.status().ToString();
    writer_ = *std::move(writer);
  }
  void Write(const std::vector<int64_t>& ids) { ASSERT_TRUE(writer_->Write(Ids(ids)).ok()); }
  Status Commit(CheckpointId id) {
    auto parts = writer_->Flush();
    if (!parts.ok()) return parts.status();
    return load_->Commit({id, {}}, {*parts});
  }
  Status Finish(StreamStatus status = StreamStatus::kComplete) {
    return load_->FinishStream(stream().descriptor(), status);
  }

  /// The data files that a reader's recursive glob finds.
  std::vector<std::string> Files() {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root_)) {
      if (entry.path().extension() == ".parquet") {
        files.push_back(entry.path().lexically_relative(root_).string());
      }
    }
    std::sort(files.begin(), files.end());
    return files;
  }
  std::shared_ptr<arrow::Table> ReadFile(const std::string& file) {
    auto input = arrow::io::ReadableFile::Open((root_ / file).string()).ValueOrDie();
    auto reader = parquet::arrow::OpenFile(input, arrow::default_memory_pool()).ValueOrDie();
    return reader->ReadTable().ValueOrDie();
  }
  /// The ids that a reader sees, sorted.
  std::vector<int64_t> Rows() {
    std::vector<int64_t> ids;
    for (const std::string& file : Files()) {
      const auto column = ReadFile(file)->column(0);
      for (const auto& chunk : column->chunks()) {
        const auto& values = static_cast<const arrow::Int64Array&>(*chunk);
        for (int64_t i = 0; i < values.length(); ++i) ids.push_back(values.Value(i));
      }
    }
    std::sort(ids.begin(), ids.end());
    return ids;
  }
  size_t StagedFiles() {
    size_t count = 0;
    std::error_code code;
    for (const auto& entry :
         std::filesystem::directory_iterator(root_ / "_airbyte_internal/staging", code)) {
      count += entry.is_regular_file() ? 1 : 0;
    }
    return count;
  }

  std::filesystem::path root_;
  LayoutConfig layout_;
  FileFormat format_;
  ConfiguredCatalog catalog_;
  LoadContext context_;
  CommitLog log_;
  FailingStore* store_ = nullptr;
  std::unique_ptr<Load> load_;
  std::unique_ptr<StreamWriter> writer_;
};

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

TEST_F(LakeLoadTest, ManifestThatACrashLeftTornIsPassedOver) {
  Open();
  Write({1});
  ASSERT_TRUE(Commit(1).ok());
  ASSERT_TRUE(Finish().ok());
  const auto newest = root_ / "_airbyte_internal/tables/public/users/manifest-000000000002.json";
  ASSERT_TRUE(std::filesystem::exists(newest));  // it says that the first was carried out
  std::filesystem::resize_file(newest, 0);
  Open(1);
  Write({2});
  ASSERT_TRUE(Commit(2).ok());
  ASSERT_TRUE(Finish().ok());
  EXPECT_THAT(Rows(), ElementsAre(1, 2));
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

TEST_F(LakeLoadTest, OlderAttemptStops) {
  Open();
  context_.fencing_token = 7;
  Open();
  Write({1});
  ASSERT_TRUE(Commit(1).ok());
  context_.fencing_token = 3;
  auto store = OpenLocalStore(root_);
  ASSERT_TRUE(store.ok());
  auto load = OpenLakeLoad(*std::move(store), layout_, format_, catalog_, context_, log_);
  ASSERT_FALSE(load.ok());
  EXPECT_THAT(load.status().ToString(), testing::HasSubstr("newer attempt"));
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

enum class Mode { kAppend, kOverwrite, kReplaceByIncrements };

/// Dies before each store request in turn, during commit and finish; the next attempt finds the
/// states that were saved (those whose commit was reported) and delivers what they don't cover.
class LakeLoadCrashTest : public LakeLoadTest, public testing::WithParamInterface<Mode> {
 protected:
  /// True when it came to its end.
  bool WriteFrom(int64_t first) {
    for (int64_t id = first; id <= 2; ++id) {
      if (!writer_->Write(Ids({id})).ok()) return false;
      if (!Commit(static_cast<CheckpointId>(id + 1)).ok()) return false;
    }
    return Finish().ok();
  }
};

TEST_P(LakeLoadCrashTest, NoRequestLosesOrDoublesRowsWhenItIsTheLast) {
  constexpr int kRequestsMax = 60;
  for (int requests = 0;; ++requests) {
    SCOPED_TRACE(testing::Message() << "dies at request " << requests);
    ASSERT_LT(requests, kRequestsMax) << "the run that does not die was not reached";
    std::filesystem::remove_all(root_);
    stream().generation_id = 1;
    stream().minimum_generation_id = 0;
    stream().sync_mode = SyncMode::kIncremental;
    Open();
    Write({100});
    ASSERT_TRUE(Commit(1).ok());
    ASSERT_TRUE(Finish().ok());
    if (GetParam() != Mode::kAppend) Overwrite(2);
    if (GetParam() == Mode::kReplaceByIncrements) stream().sync_mode = SyncMode::kIncremental;

    Open(1);
    log_ = CommitLog();
    store_->FailAfter(requests);
    const bool survived = WriteFrom(1);
    const CheckpointId saved = log_.committed.empty() ? 1 : log_.committed.back();
    const std::vector<int64_t> seen = Rows();
    if (GetParam() == Mode::kAppend) {
      EXPECT_THAT(seen, testing::Contains(100));
    } else {
      EXPECT_THAT(seen, testing::Not(IsEmpty())) << "a reader found an empty table";
    }
    Open(saved);
    const bool reads_all = GetParam() == Mode::kOverwrite;
    ASSERT_TRUE(WriteFrom(reads_all ? 1 : static_cast<int64_t>(saved)));
    ASSERT_TRUE(load_->Close().ok());
    if (GetParam() == Mode::kAppend) {
      EXPECT_THAT(Rows(), ElementsAre(1, 2, 100));
    } else {
      EXPECT_THAT(Rows(), ElementsAre(1, 2));
    }
    if (survived) break;
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, LakeLoadCrashTest,
                         testing::Values(Mode::kAppend, Mode::kOverwrite,
                                         Mode::kReplaceByIncrements));

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

}  // namespace
}  // namespace millrace
