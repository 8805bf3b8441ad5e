// connector/deduplication.md, rule by rule, on a real server.

#include <arrow/array.h>
#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "clients/postgres/testing/temporary_server.h"
#include "connector/meta_column.h"
#include "destinations/postgres/postgres_destination.h"

namespace millrace {
namespace {

/// One row: a key of two parts, a cursor, a value; deleted, or without the value.
struct Change {
  int64_t id = 0;
  std::optional<int64_t> part;
  std::optional<int64_t> at;
  std::optional<std::string> value;
  bool deleted = false;
  bool unsent = false;  // the value
};

class Listener : public CommitListener {
 public:
  void Committed(CheckpointId) override {}
  void CommitFailed(CheckpointId, const Status& why) override { ADD_FAILURE() << why.ToString(); }
};

class MergeTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto server = TemporaryServer::Start();
    ASSERT_TRUE(server.ok()) << server.status().ToString();
    server_ = std::move(*server).release();
  }
  static void TearDownTestSuite() { delete server_; }

  MergeTest() {
    const PgOptions options = server_->options();
    config_ = {{"host", options.host},         {"port", options.port},
               {"database", options.database}, {"username", options.user},
               {"password", options.password}, {"schema", "out"}};
    connection_ = *PgConnection::Connect(options);
    EXPECT_TRUE(connection_
                    ->Execute("DROP SCHEMA IF EXISTS out CASCADE; DROP SCHEMA IF EXISTS "
                              "airbyte_internal CASCADE")
                    .ok());
    stream_.stream.descriptor = {"t", std::nullopt};
    stream_.destination = stream_.stream.descriptor;
    stream_.sync_mode = SyncMode::kIncremental;
    stream_.destination_sync_mode = DestinationSyncMode::kAppendDedup;
    stream_.primary_key = {{"id"}, {"part"}};
    stream_.generation_id = 1;
    context_.connection = "test";
    context_.epoch = "epoch";
  }

  static ChangeBatch Batch(const std::vector<Change>& changes) {
    arrow::Int64Builder id, part, at;
    arrow::StringBuilder value;
    arrow::TimestampBuilder deleted(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"),
                                    arrow::default_memory_pool());
    arrow::BooleanBuilder unsent;
    bool any_unsent = false;
    std::vector<FieldChange> none;
    for (const Change& change : changes) {
      EXPECT_TRUE(id.Append(change.id).ok());
      EXPECT_TRUE((change.part ? part.Append(*change.part) : part.AppendNull()).ok());
      EXPECT_TRUE((change.at ? at.Append(*change.at) : at.AppendNull()).ok());
      EXPECT_TRUE((change.value ? value.Append(*change.value) : value.AppendNull()).ok());
      EXPECT_TRUE((change.deleted ? deleted.Append(1'000'000) : deleted.AppendNull()).ok());
      EXPECT_TRUE(unsent.Append(change.unsent).ok());
      any_unsent = any_unsent || change.unsent;
    }
    const auto rows = static_cast<int64_t>(changes.size());
    auto meta = MakeMetaColumn(rows, 1, none);
    EXPECT_TRUE(meta.ok());
    ChangeBatch batch;
    batch.rows = arrow::RecordBatch::Make(
        Schema(), rows,
        {id.Finish().ValueOrDie(), part.Finish().ValueOrDie(), at.Finish().ValueOrDie(),
         value.Finish().ValueOrDie(), deleted.Finish().ValueOrDie(), *meta});
    if (any_unsent) {
      batch.unchanged.columns.resize(6);
      batch.unchanged.columns[3] =
          std::static_pointer_cast<arrow::BooleanArray>(unsent.Finish().ValueOrDie());
    }
    return batch;
  }
  static SchemaPtr Schema() {
    return arrow::schema(
        {arrow::field("id", arrow::int64()), arrow::field("part", arrow::int64()),
         arrow::field("at", arrow::int64()), arrow::field("value", arrow::utf8()),
         arrow::field("_ab_cdc_deleted_at", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
         arrow::field(std::string(kMetaColumn), meta_type(), false)});
  }

  /// One attempt that commits each of `checkpoints`.
  void Sync(const std::vector<std::vector<Change>>& checkpoints, bool truncate_first = false) {
    std::vector<ChangeBatch> batches;
    for (const auto& changes : checkpoints) batches.push_back(Batch(changes));
    SyncBatches(batches, truncate_first);
  }
  void SyncBatches(const std::vector<ChangeBatch>& checkpoints, bool truncate_first = false) {
    auto destination = MakePostgresDestination(config_);
    ASSERT_TRUE(destination.ok()) << destination.status().ToString();
    ConfiguredCatalog catalog;
    catalog.streams.push_back(stream_);
    ++context_.fencing_token;
    auto load = (*destination)->OpenLoad(catalog, context_, listener_);
    ASSERT_TRUE(load.ok()) << load.status().ToString();
    auto writer = (*load)->OpenWriter(stream_, Schema(), 0);
    ASSERT_TRUE(writer.ok()) << writer.status().ToString();
    CheckpointId checkpoint = context_.last_saved;
    if (truncate_first) {
      ASSERT_TRUE((*writer)->Truncate().ok());
    }
    for (const ChangeBatch& batch : checkpoints) {
      const Status written = (*writer)->Write(batch);
      ASSERT_TRUE(written.ok()) << written.ToString();
      auto parts = (*writer)->Flush();
      ASSERT_TRUE(parts.ok()) << parts.status().ToString();
      const Status committed = (*load)->Commit({++checkpoint, {}}, {*parts});
      ASSERT_TRUE(committed.ok()) << committed.ToString();
    }
    const Status finished =
        (*load)->FinishStream(stream_.stream.descriptor, StreamStatus::kComplete);
    ASSERT_TRUE(finished.ok()) << finished.ToString();
    writer->reset();
    ASSERT_TRUE((*load)->Close().ok());
    if (saves_) context_.last_saved = checkpoint;
  }
  /// "id/part=value" of each row, in order; "-" for null.
  std::string Rows() {
    auto rows = connection_->Query(
        "SELECT string_agg(id || '/' || coalesce(part::text, '-') || '=' || coalesce(value, '-'), "
        "' ' ORDER BY id, part, value) FROM out.t");
    EXPECT_TRUE(rows.ok()) << rows.status().ToString();
    return rows.ok() ? rows->Text(0, 0) : "";
  }

  static TemporaryServer* server_;
  Json config_;
  std::unique_ptr<PgConnection> connection_;
  ConfiguredStream stream_;
  LoadContext context_;
  Listener listener_;
  bool saves_ = true;
};

TemporaryServer* MergeTest::server_ = nullptr;

TEST_F(MergeTest, TheLatestOfAKeyStaysAndNullsAreEqual) {
  Sync({{{1, {}, {}, "a"}, {1, 2, {}, "b"}, {1, {}, {}, "c"}}});
  EXPECT_EQ(Rows(), "1/2=b 1/-=c");
  Sync({{{1, {}, {}, "d"}, {2, 2, {}, "e"}}, {{2, 2, {}, "f"}, {3, {}, {}, "g"}}});
  EXPECT_EQ(Rows(), "1/2=b 1/-=d 2/2=f 3/-=g");
}

TEST_F(MergeTest, TheGreaterUserCursorStays) {
  stream_.cursor_field = {"at"};
  Sync({{{1, 1, 5, "five"}, {1, 1, 3, "three"}, {2, 1, {}, "null"}}});
  EXPECT_EQ(Rows(), "1/1=five 2/1=null");
  Sync({{{1, 1, 4, "four"}, {2, 1, 1, "one"}}});
  EXPECT_EQ(Rows(), "1/1=five 2/1=one");
  Sync({{{1, 1, 5, "five again"}, {2, 1, {}, "null again"}}});
  EXPECT_EQ(Rows(), "1/1=five again 2/1=one");
}

TEST_F(MergeTest, DeletesGoOrStay) {
  Sync({{{1, 1, {}, "a"}, {2, 1, {}, "b"}}});
  Sync({{{1, 1, {}, {}, true}, {2, 1, {}, {}, true}, {2, 1, {}, "back"}}});
  EXPECT_EQ(Rows(), "2/1=back");
  config_["cdc_deletion_mode"] = "Soft delete";
  Sync({{{2, 1, {}, "gone", true}}});
  EXPECT_EQ(Rows(), "2/1=gone");
}

TEST_F(MergeTest, ValuesNotSentAreTheOnesBefore) {
  Sync({{{1, 1, 0, "stored"}}});
  Sync({{{1, 1, 1, {}, false, true},
         {2, 1, 0, "staged"},
         {2, 1, 1, {}, false, true},
         {3, 1, 1, {}, false, true}}});
  EXPECT_EQ(Rows(), "1/1=stored 2/1=staged 3/1=-");
  auto changes = connection_->Query(
      "SELECT id, at, _airbyte_meta #>> '{changes,0,reason}' FROM out.t ORDER BY id");
  ASSERT_TRUE(changes.ok());
  EXPECT_EQ(changes->Int(0, 1), 1);
  EXPECT_TRUE(changes->IsNull(0, 2));
  EXPECT_TRUE(changes->IsNull(1, 2));
  EXPECT_EQ(changes->Text(2, 2), "SOURCE_RETRIEVAL_ERROR");
}

TEST_F(MergeTest, ATruncateVoidsWhatWasThere) {
  Sync({{{1, 1, {}, "a"}}});
  Sync({{{2, 1, {}, "b"}}}, /*truncate_first=*/true);
  EXPECT_EQ(Rows(), "2/1=b");
}

TEST_F(MergeTest, RepeatsChangeNothing) {
  saves_ = false;
  Sync({{{1, 1, {}, "a"}, {2, 1, {}, "b"}}, {{1, 1, {}, {}, true}}});
  Sync({{{1, 1, {}, "a"}, {2, 1, {}, "b"}}, {{1, 1, {}, {}, true}}});
  EXPECT_EQ(Rows(), "2/1=b");
}

TEST_F(MergeTest, AppendedRowsAreWithdrawnWhenTheirStateWasNotSaved) {
  stream_.destination_sync_mode = DestinationSyncMode::kAppend;
  Sync({{{1, 1, {}, "saved"}}});
  saves_ = false;
  Sync({{{2, 1, {}, "not"}}, {{3, 1, {}, "not"}}});
  EXPECT_EQ(Rows(), "1/1=saved 2/1=not 3/1=not");
  Sync({{{2, 1, {}, "again"}}});
  EXPECT_EQ(Rows(), "1/1=saved 2/1=again");
  context_.epoch = "another";  // nothing is withdrawn across epochs
  Sync({{{4, 1, {}, "new"}}});
  EXPECT_EQ(Rows(), "1/1=saved 2/1=again 4/1=new");
}

TEST_F(MergeTest, AnOlderAttemptCantCommit) {
  auto destination = MakePostgresDestination(config_);
  ASSERT_TRUE(destination.ok());
  ConfiguredCatalog catalog;
  catalog.streams.push_back(stream_);
  struct Deaf : CommitListener {
    void Committed(CheckpointId) override {}
    void CommitFailed(CheckpointId, const Status&) override {}
  } deaf;
  context_.fencing_token = 7;
  auto load = (*destination)->OpenLoad(catalog, context_, deaf);
  ASSERT_TRUE(load.ok()) << load.status().ToString();
  auto writer = (*load)->OpenWriter(stream_, Schema(), 0);
  ASSERT_TRUE((*writer)->Write(Batch({{1, 1, {}, "old"}})).ok());
  auto parts = (*writer)->Flush();
  Sync({{{1, 1, {}, "new"}}});
  const Status status = (*load)->Commit({1, {}}, {*parts});
  ASSERT_TRUE(status.failed());
  EXPECT_NE(status.ToString().find("newer attempt"), std::string::npos) << status.ToString();
  EXPECT_EQ(Rows(), "1/1=new");
  // One that still writes says so, too, when the newer one has dropped its staging table.
  ASSERT_TRUE((*writer)->Write(Batch({{1, 1, {}, "older"}})).ok());
  Sync({{{1, 1, {}, "newest"}}});
  const Status flushed = (*writer)->Flush().status();
  EXPECT_NE(flushed.ToString().find("newer attempt"), std::string::npos) << flushed.ToString();
  EXPECT_EQ(Rows(), "1/1=newest");
}

TEST_F(MergeTest, ReplacedSetsGoTogether) {
  stream_.primary_key.clear();
  stream_.replace_by = {"id"};
  const auto with_sets = [](const std::vector<Change>& rows, const std::vector<int64_t>& sets,
                            const std::vector<bool>& empty) {
    ChangeBatch batch = Batch(rows);
    arrow::Int64Builder change;
    arrow::BooleanBuilder none;
    EXPECT_TRUE(change.AppendValues(sets).ok());
    EXPECT_TRUE(none.AppendValues(empty).ok());
    auto replaces = std::make_shared<ReplacedSets>();
    replaces->change = std::static_pointer_cast<arrow::Int64Array>(change.Finish().ValueOrDie());
    replaces->empty = std::static_pointer_cast<arrow::BooleanArray>(none.Finish().ValueOrDie());
    batch.replaces = replaces;
    return batch;
  };
  SyncBatches({with_sets(
      {{1, 1, {}, "a"}, {1, 2, {}, "b"}, {2, 1, {}, "c"}, {1, 3, {}, "d"}, {1, 4, {}, "e"}},
      {1, 1, 2, 3, 3}, {false, false, false, false, false})});
  EXPECT_EQ(Rows(), "1/3=d 1/4=e 2/1=c");
  SyncBatches({with_sets({{1, {}, {}, {}}, {2, 1, {}, "f"}, {2, 2, {}, "g"}}, {4, 5, 5},
                         {true, false, false})});
  EXPECT_EQ(Rows(), "2/1=f 2/2=g");
}

}  // namespace
}  // namespace millrace
