// Snapshots in pieces: complete, of one moment, and what happens when the world changes meanwhile.

#include <thread>

#include "sources/postgres/page_ranges.h"
#include "sources/postgres/source_fixture.h"

namespace millrace {
namespace {

class SnapshotTest : public SourceFixture {
 protected:
  /// About 3,600 pages.
  void MakeLargeTable(const std::string& name = "large") {
    Sql("CREATE TABLE " + name +
        " AS SELECT i AS id, repeat('x', 200) AS filler, (i % 977)::int8 AS v "
        "FROM generate_series(1, 120000) i");
  }
  static int64_t Sum(const RecordedOutput& output, const char* column) {
    int64_t sum = 0;
    for (const auto& batch : output.batches) {
      const auto& values = static_cast<const arrow::Int64Array&>(*batch->GetColumnByName(column));
      for (int64_t i = 0; i < values.length(); ++i) sum += values.Value(i);
    }
    return sum;
  }
};

TEST_F(SnapshotTest, PiecesMakeTheWholeTableOnSeveralThreads) {
  MakeLargeTable();
  auto source = Open();
  const auto stream = Configured("large");
  const auto partitions = *source->Split(stream, {});
  EXPECT_GE(partitions.size(), 3U);
  RecordedOutput output;
  {
    std::atomic<size_t> next = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        for (size_t p; (p = next++) < partitions.size();) {
          const Status status = source->ReadPartition(stream, partitions[p], output, {});
          EXPECT_TRUE(status.ok()) << status.ToString();
        }
      });
    }
  }
  EXPECT_EQ(std::to_string(output.rows), Ask("SELECT count(*) FROM large"));
  EXPECT_EQ(std::to_string(Sum(output, "id")), Ask("SELECT sum(id) FROM large"));
  EXPECT_EQ(std::to_string(Sum(output, "v")), Ask("SELECT sum(v) FROM large"));
}

TEST_F(SnapshotTest, PiecesAreOfOneMoment) {
  MakeLargeTable();
  auto source = Open();
  const auto stream = Configured("large");
  const auto partitions = *source->Split(stream, {});
  Sql("UPDATE large SET v = v + 1; DELETE FROM large WHERE id <= 50000; "
      "INSERT INTO large SELECT i, 'new', 0 FROM generate_series(200001, 260000) i");
  RecordedOutput output;
  for (const Partition& partition : partitions) {
    EXPECT_TRUE(source->ReadPartition(stream, partition, output, {}).ok());
  }
  EXPECT_EQ(output.rows, 120000);
  EXPECT_EQ(Sum(output, "id"), int64_t{120000} * 120001 / 2);
}

TEST_F(SnapshotTest, PartitionedTablesAreReadLeafByLeaf) {
  Sql(R"(CREATE TABLE events (id int, k int) PARTITION BY LIST (k);
         CREATE TABLE events_0 (k int, id int); ALTER TABLE events ATTACH PARTITION events_0
           FOR VALUES IN (0);
         CREATE TABLE events_1 PARTITION OF events FOR VALUES IN (1) PARTITION BY RANGE (id);
         CREATE TABLE events_1_a PARTITION OF events_1 FOR VALUES FROM (0) TO (500);
         CREATE TABLE events_1_b PARTITION OF events_1 DEFAULT;
         INSERT INTO events SELECT i, i % 2 FROM generate_series(1, 1000) i)");
  const auto stream = Configured("events");
  auto source = Open();
  EXPECT_EQ(source->Split(stream, {})->size(), 3U);
  RecordedOutput output;
  Sync(*source, stream, {}, output);
  EXPECT_EQ(output.rows, 1000);
  EXPECT_EQ(Sum(output, "id"), 500500);
  EXPECT_EQ(Sum(output, "k"), 500);
}

TEST_F(SnapshotTest, InheritanceAndViewsAreReadAsAWhole) {
  Sql(R"(CREATE TABLE parent (i int); CREATE TABLE child () INHERITS (parent);
         INSERT INTO parent VALUES (1); INSERT INTO child VALUES (2);
         CREATE VIEW both_of_them AS SELECT * FROM parent)");
  for (const char* name : {"parent", "both_of_them"}) {
    RecordedOutput output;
    Sync(Configured(name), {}, output);
    EXPECT_EQ(Sum(output, "i"), 3) << name;
  }
}

TEST_F(SnapshotTest, AnEmptyTableIsOpenedAndHasAState) {
  Sql("CREATE TABLE nothing (id int PRIMARY KEY)");
  RecordedOutput output;
  const State state = Sync(Configured("nothing"), {}, output);
  EXPECT_EQ(output.schemas.size(), 1U);
  EXPECT_EQ(output.rows, 0);
  EXPECT_EQ((*state.Find({"nothing", "public"}))["__ab_no_cursor_state_message"], true);
}

TEST_F(SnapshotTest, WideRowsMakeSmallBatches) {
  Sql("CREATE TABLE wide AS SELECT i, repeat(md5(i::text), 20000) AS v "
      "FROM generate_series(1, 60) i");
  RecordedOutput output;
  Sync(Configured("wide"), {}, output);
  EXPECT_EQ(output.rows, 60);
  EXPECT_GE(output.batches.size(), 3U);
  EXPECT_EQ(output.Column("v")[59].size(), 640000U);
}

TEST_F(SnapshotTest, ReadsOnlySelectedColumns) {
  Sql("CREATE TABLE t AS SELECT 1 AS a, 2 AS b, 3 AS c");
  auto stream = Configured("t");
  stream.selected_fields = {"c", "a"};
  RecordedOutput output;
  Sync(stream, {}, output);
  EXPECT_EQ(output.schemas[0]->field_names(), (std::vector<std::string>{"a", "c"}));
}

TEST_F(SnapshotTest, SaysWhichTableOrColumnIsGone) {
  Sql("CREATE TABLE t AS SELECT 1 AS a, 2 AS b; CREATE TABLE u AS SELECT 1 AS a");
  const auto stream = Configured("t");
  auto source = Open();
  ASSERT_TRUE(source->Split(Configured("u"), {}).ok());  // the snapshot is taken
  auto partitions = source->Split(stream, {});
  ASSERT_TRUE(partitions.ok());
  Sql("DROP TABLE t");
  RecordedOutput output;
  Status status = source->ReadPartition(stream, partitions->front(), output, {});
  EXPECT_EQ(status.error().type, FailureType::kConfigError);
  EXPECT_NE(status.error().message.find("reading public.t: relation \"public.t\" does not exist"),
            std::string::npos)
      << status.ToString();
  status = Open()->Split(stream, {}).status();
  EXPECT_EQ(status.error().type, FailureType::kConfigError);
  Sql("CREATE TABLE t AS SELECT 1 AS a");
  status = Open()->Split(stream, {}).status();
  EXPECT_EQ(status.error().type, FailureType::kConfigError);
  EXPECT_NE(status.error().message.find("no column \"b\""), std::string::npos);
}

TEST_F(SnapshotTest, ATableThatWasEmptiedOrReplacedIsNotTakenForAnEmptyOne) {
  for (const char* change : {"TRUNCATE t", "ALTER TABLE t ALTER a TYPE text USING 'many'",
                             "DROP TABLE t; CREATE TABLE t AS SELECT 7 AS a"}) {
    Sql("DROP TABLE IF EXISTS t; CREATE TABLE t AS SELECT 1 AS a");
    const auto stream = Configured("t");
    auto source = Open();
    const auto partitions = *source->Split(stream, {});
    Sql(change);
    RecordedOutput output;
    const Status status = source->ReadPartition(stream, partitions.front(), output, {});
    EXPECT_TRUE(status.failed()) << change;
    EXPECT_EQ(output.rows, 0) << change;
  }
}

TEST_F(SnapshotTest, ATableThatIsReadInPiecesCannotBeTruncatedMeanwhile) {
  MakeLargeTable();
  auto source = Open();
  const auto partitions = *source->Split(Configured("large"), {});
  ASSERT_GT(partitions.size(), 1U);
  const Status status = admin_->Execute("SET lock_timeout = '100ms'; TRUNCATE large");
  EXPECT_EQ(status.ToString().find("canceling statement due to lock timeout"), 0U);
}

TEST_F(SnapshotTest, ABackendKilledBeforeItsFirstBatchIsReplaced) {
  Sql("CREATE FUNCTION slow(i int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1); "
      "RETURN i; END $$; CREATE VIEW v AS SELECT slow(1) AS i");
  const auto stream = Configured("v");
  auto source = Open();
  const auto partitions = *source->Split(stream, {});
  std::jthread killer([&] {
    while (Ask("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
               "WHERE datname = current_database() AND query LIKE 'COPY%'") == "0") {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  });
  RecordedOutput output;
  const Status status = source->ReadPartition(stream, partitions.front(), output, {});
  EXPECT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(output.rows, 1);
}

TEST_F(SnapshotTest, ABackendKilledLaterIsATransientError) {
  Sql("CREATE VIEW v AS SELECT i, repeat('x', 1000) AS filler FROM generate_series(1, 1000000) i");
  const auto stream = Configured("v");
  auto source = Open();
  const auto partitions = *source->Split(stream, {});
  RecordedOutput output;
  output.on_emit = [&] {
    Ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND query LIKE 'COPY%'");
    return Status::Ok();
  };
  const Status status = source->ReadPartition(stream, partitions.front(), output, {});
  ASSERT_TRUE(status.failed());
  EXPECT_EQ(status.error().type, FailureType::kTransientError) << status.ToString();
  EXPECT_EQ(status.error().stream, (StreamDescriptor{"v", "public"}));
}

TEST_F(SnapshotTest, AStatementTimeoutIsSaid) {
  Sql("CREATE VIEW v AS SELECT pg_sleep(10)::text AS s; ALTER ROLE reader SET statement_timeout = "
      "'300ms'; GRANT SELECT ON v TO reader");
  const auto stream = Configured("v");
  auto source = Open(R"({"username": "reader"})");
  const auto partitions = *source->Split(stream, {});
  RecordedOutput output;
  const Status status = source->ReadPartition(stream, partitions.front(), output, {});
  Sql("ALTER ROLE reader RESET statement_timeout");
  ASSERT_TRUE(status.failed());
  EXPECT_NE(status.error().message.find("statement_timeout"), std::string::npos);
}

TEST_F(SnapshotTest, AStoppedStreamLeavesTheConnectionPoolUsable) {
  MakeLargeTable();
  const auto stream = Configured("large");
  auto source = Open(R"({"max_db_connections": 2})");
  const auto partitions = *source->Split(stream, {});
  RecordedOutput stopped;
  stopped.on_emit = [] { return Status::StreamStopped(); };
  EXPECT_EQ(source->ReadPartition(stream, partitions[0], stopped, {}).code(),
            StatusCode::kStreamStopped);
  RecordedOutput output;
  EXPECT_TRUE(source->ReadPartition(stream, partitions[1], output, {}).ok());
  EXPECT_GT(output.rows, 0);
}

TEST(PageRanges, CoverEveryPageOnce) {
  PostgresTable table;
  table.schema = "s";
  table.name = "t";
  for (const int64_t pages : {0, 1, 999, 1499, 1500, 64000, 115000, 10000000}) {
    table.parts = {{"s", "t", pages}};
    const auto ranges = PlanPageRanges(table);
    EXPECT_EQ(ranges.front().from_page.value_or(0), 0);
    EXPECT_FALSE(ranges.back().to_page);
    for (size_t i = 1; i < ranges.size(); ++i) {
      EXPECT_EQ(ranges[i].from_page, ranges[i - 1].to_page);
    }
    for (const PageRange& range : ranges) {
      const auto back = PageRangeOf(ToPartition({"t", "s"}, range));
      ASSERT_TRUE(back.ok());
      EXPECT_EQ(back->Condition(), range.Condition());
    }
  }
}

}  // namespace
}  // namespace millrace
