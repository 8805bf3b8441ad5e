// States in the middle of a table's first read, and transaction ids: what is read again, what
// isn't.

#include <algorithm>

#include "sources/postgres/ctid_state.h"
#include "sources/postgres/source_fixture.h"
#include "sources/postgres/xmin_state.h"

namespace millrace {
namespace {

constexpr const char* kXmin = R"({"replication_method": {"method": "Xmin"}})";
constexpr const char* kStandard = "{}";
constexpr int64_t kRows = 29995;
const StreamDescriptor kT{"t", "public"};

State StateOf(const Json& json) {
  State state;
  state.Merge(StateMessage::OfStream(kT, json));
  return state;
}

class ResumeTest : public SourceFixture {
 protected:
  /// 4,285 pages of 7 rows, all full: four ranges.
  void MakeTable() {
    Sql("CREATE TABLE t (id int PRIMARY KEY, seen int, filler text); "
        "ALTER TABLE t ALTER filler SET STORAGE plain; "
        "INSERT INTO t SELECT i, i / 10, repeat('x', 1000) FROM generate_series(1, 29995) i");
  }
  ConfiguredStream ByXmin() const {
    ConfiguredStream stream = Configured("t");
    stream.sync_mode = SyncMode::kIncremental;
    return stream;
  }
  /// Reads the first `ranges` ranges, as a sync that is killed then; its last saved state.
  State ReadPart(const char* method, const ConfiguredStream& stream, const State& from,
                 size_t ranges, RecordedOutput& output) {
    const auto source = Open(method);
    const auto partitions = source->Split(stream, from);
    EXPECT_TRUE(partitions.ok() && partitions->size() > ranges) << partitions.status().ToString();
    EXPECT_TRUE(source->CheckpointInterval(stream).has_value());
    std::vector<std::string> done;
    for (size_t i = 0; i < ranges; ++i) {
      EXPECT_TRUE(source->ReadPartition(stream, (*partitions)[i], output, {}).ok());
      done.push_back((*partitions)[i].id);
    }
    const auto state = source->StateAfter(stream, done);
    EXPECT_TRUE(state.ok()) << state.status().ToString();
    State saved;
    if (state.ok()) saved.Merge(*state);
    return saved;
  }
  State ReadOn(const char* method, const ConfiguredStream& stream, const State& from,
               RecordedOutput& output) {
    return Sync(*Open(method), stream, from, output);
  }
  static std::vector<std::string> Sorted(std::vector<std::string> values) {
    std::sort(values.begin(), values.end());
    return values;
  }
};

TEST_F(ResumeTest, AFirstReadGoesOnWhereItWas) {
  MakeTable();
  RecordedOutput whole;
  ReadOn(kXmin, ByXmin(), {}, whole);
  for (const char* method : {kXmin, kStandard}) {
    ConfiguredStream stream = ByXmin();
    stream.cursor_field = {"seen"};
    State state;
    RecordedOutput output;
    for (int attempt = 0; attempt < 3; ++attempt) {
      state = ReadPart(method, stream, state, 1, output);
      const Json& saved = *state.Find(kT);
      EXPECT_EQ(saved["state_type"], "ctid");
      EXPECT_EQ(saved["relation_filenode"], std::stoll(Ask("SELECT pg_relation_filenode('t')")));
    }
    state = ReadOn(method, stream, state, output);
    EXPECT_EQ(output.rows, kRows) << method;
    EXPECT_EQ(Sorted(output.Column("id")), Sorted(whole.Column("id"))) << method;
    EXPECT_EQ((*state.Find(kT))["state_type"], method == kXmin ? "xmin" : "cursor_based");
    RecordedOutput nothing;
    ReadOn(method, stream, state, nothing);
    EXPECT_EQ(nothing.rows, 0) << method;
  }
}

TEST_F(ResumeTest, AFullRefreshGoesOnWhereItWas) {
  MakeTable();
  const ConfiguredStream stream = Configured("t");
  EXPECT_TRUE(stream.stream.is_resumable);
  State state;
  RecordedOutput output;
  for (int attempt = 0; attempt < 3; ++attempt) {
    state = ReadPart(kStandard, stream, state, 1, output);
    EXPECT_EQ((*state.Find(kT))["state_type"], "ctid");
    EXPECT_TRUE(*Open()->CanGoOn(stream, state, {}));
  }
  const int64_t before = output.rows;
  state = ReadOn(kStandard, stream, state, output);
  EXPECT_EQ(output.rows, kRows);
  std::vector<std::string> ids = output.Column("id");
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(std::unique(ids.begin(), ids.end()), ids.end());
  EXPECT_GT(before, kRows / 2);
  EXPECT_TRUE((*state.Find(kT))["__ab_no_cursor_state_message"]);
  // Shown again, it says that only the table is to be finished: opened, and not a row.
  EXPECT_TRUE(*Open()->CanGoOn(stream, state, {}));
  RecordedOutput nothing;
  EXPECT_EQ(ReadOn(kStandard, stream, state, nothing).Find(kT)->dump(), state.Find(kT)->dump());
  EXPECT_EQ(nothing.rows, 0);
  EXPECT_EQ(nothing.schemas.size(), 1U);
}

TEST_F(ResumeTest, AFullRefreshDoesNotGoOnInATableThatChanged) {
  MakeTable();
  ConfiguredStream stream = Configured("t");
  stream.generation_id = stream.minimum_generation_id = 1;
  for (const char* change :
       {"VACUUM FULL t", "UPDATE t SET seen = 0 WHERE id = 1", "DELETE FROM t WHERE id = 29000",
        "ALTER TABLE t DROP seen; ALTER TABLE t ADD seen int DEFAULT 3",
        "TRUNCATE t; INSERT INTO t SELECT i, repeat('x', 1000), 0 FROM generate_series(1, 29995) "
        "i"}) {
    SCOPED_TRACE(change);
    RecordedOutput part, all;
    const State half = ReadPart(kStandard, stream, {}, 2, part);
    const State whole = ReadOn(kStandard, stream, {}, all);
    EXPECT_TRUE(*Open()->CanGoOn(stream, half, {}) && *Open()->CanGoOn(stream, whole, {}));
    Sql(change);
    Sql("SELECT pg_stat_force_next_flush()");
    EXPECT_FALSE(*Open()->CanGoOn(stream, half, {}));
    EXPECT_FALSE(*Open()->CanGoOn(stream, whole, {}));
    stream.minimum_generation_id = 0;
    EXPECT_TRUE(*Open()->CanGoOn(stream, whole, {})) << "what was appended is not appended again";
    stream.minimum_generation_id = 1;
  }
  EXPECT_FALSE(*Open()->CanGoOn(stream, StateOf({{"state_type", "cursor_based"}}), {}));
  // Inserts leave alone what was read.
  RecordedOutput part;
  const State half = ReadPart(kStandard, stream, {}, 2, part);
  Sql("INSERT INTO t SELECT i, repeat('x', 1000), 0 FROM generate_series(50001, 50100) i");
  EXPECT_TRUE(*Open()->CanGoOn(stream, half, {}));
  ReadOn(kStandard, stream, half, part);
  EXPECT_EQ(part.rows, kRows + 100);
}

TEST_F(ResumeTest, ARewrittenTableIsReadFromItsStart) {
  MakeTable();
  const ConfiguredStream stream = ByXmin();
  RecordedOutput part, all;
  const State state = ReadPart(kXmin, stream, {}, 2, part);
  EXPECT_LT(part.rows, kRows);
  Sql("VACUUM FULL t");
  ReadOn(kXmin, stream, state, all);
  EXPECT_EQ(all.rows, kRows);
}

TEST_F(ResumeTest, GoesOnFromAirbytesState) {
  MakeTable();
  const auto filenode = std::stoll(Ask("SELECT pg_relation_filenode('t')"));
  const auto last_read = std::stoll(Ask("SELECT id FROM t WHERE ctid = '(2000,3)'"));
  const Json xmin = Json::parse(R"({"version": 2, "state_type": "xmin", "num_wraparound": 0,
                                    "xmin_xid_value": 500, "xmin_raw_value": 500})");
  RecordedOutput output;
  State after = ReadOn(kXmin, ByXmin(),
                       StateOf({{"version", 2},
                                {"state_type", "ctid"},
                                {"ctid", "(2000,3)"},
                                {"incremental_state", xmin},
                                {"relation_filenode", filenode}}),
                       output);
  EXPECT_EQ(output.rows, kRows - last_read);
  EXPECT_EQ(*after.Find(kT), xmin) << "what changed since is for the next sync";
  ConfiguredStream by_cursor = ByXmin();
  by_cursor.cursor_field = {"seen"};
  RecordedOutput version3;
  after = ReadOn(kStandard, by_cursor,
                 StateOf({{"version", 3},
                          {"state_type", "ctid_based"},
                          {"ctid", "(2000,3)"},
                          {"relation_filenode", filenode},
                          {"cursors", {{"seen", 2998}}}}),
                 version3);
  EXPECT_EQ(version3.rows, 29989 - last_read) << "the last six are of seen 2999";
  EXPECT_EQ((*after.Find(kT))["cursor"], "2998");
}

TEST_F(ResumeTest, WhatMovesBetweenTwoAttemptsIsFoundAfterwards) {
  MakeTable();
  Sql("DELETE FROM t WHERE id <= 100");
  Sql("VACUUM (INDEX_CLEANUP ON) t");  // room in the first pages
  const ConfiguredStream stream = ByXmin();
  RecordedOutput output;
  State state = ReadPart(kXmin, stream, {}, 2, output);
  // From pages not yet read into pages that were.
  Sql("UPDATE t SET seen = -1 WHERE id = 29000");
  ASSERT_EQ(Ask("SELECT (ctid::text::point)[0] < 100 FROM t WHERE id = 29000"), "t");
  state = ReadOn(kXmin, stream, state, output);
  EXPECT_EQ(output.rows, kRows - 101);
  RecordedOutput next;
  ReadOn(kXmin, stream, state, next);
  EXPECT_EQ(next.Column("id"), std::vector<std::string>{"29000"});
}

TEST_F(ResumeTest, RowsThatCameLateAtTheLastCursorValueAreNotTakenForDelivered) {
  MakeTable();
  Sql("DELETE FROM t WHERE id <= 100");
  Sql("VACUUM (INDEX_CLEANUP ON) t");
  ConfiguredStream stream = ByXmin();
  stream.cursor_field = {"seen"};
  RecordedOutput output;
  State state = ReadPart(kStandard, stream, {}, 2, output);
  Sql("INSERT INTO t VALUES (0, 2999, repeat('x', 1000))");  // into a page that was read
  ASSERT_EQ(Ask("SELECT (ctid::text::point)[0] < 100 FROM t WHERE id = 0"), "t");
  state = ReadOn(kStandard, stream, state, output);
  EXPECT_EQ(output.rows, kRows - 100);
  RecordedOutput next;
  ReadOn(kStandard, stream, state, next);
  EXPECT_EQ(next.Column("id"), std::vector<std::string>{"0"});
}

TEST_F(ResumeTest, PartitionedTablesGoOnLeafByLeaf) {
  Sql("CREATE TABLE t (id int, filler text) PARTITION BY RANGE (id); "
      "CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (1000); "
      "CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (1000) TO (2000); "
      "CREATE TABLE t3 PARTITION OF t FOR VALUES FROM (2000) TO (3000); "
      "INSERT INTO t SELECT i, 'x' FROM generate_series(1, 2999) i");
  const ConfiguredStream stream = ByXmin();
  RecordedOutput output;
  State state = ReadPart(kXmin, stream, {}, 1, output);
  EXPECT_EQ(output.rows, 999);
  state = ReadPart(kXmin, stream, state, 1, output);
  EXPECT_EQ(output.rows, 1999);
  ConfiguredStream full = Configured("t");
  RecordedOutput refreshed;
  const State half = ReadPart(kXmin, full, {}, 1, refreshed);
  EXPECT_TRUE(*Open()->CanGoOn(full, half, {}));
  ReadOn(kXmin, full, half, refreshed);
  EXPECT_EQ(refreshed.rows, 2999);
  RecordedOutput changed;
  ReadOn(kXmin, stream, state, output);
  EXPECT_EQ(output.rows, 2999);
  Sql("CREATE TABLE t4 PARTITION OF t FOR VALUES FROM (3000) TO (4000)");
  ReadOn(kXmin, stream, state, changed);
  EXPECT_EQ(changed.rows, 2999) << "other leaves: from the start";
}

TEST_F(ResumeTest, XminFindsWhatChangedAndWhatCommitsLate) {
  Sql("CREATE TABLE t (id int PRIMARY KEY, v text); "
      "INSERT INTO t SELECT i, 'a' FROM generate_series(1, 100) i");
  PgOptions options = Server().options();
  options.database = database_;
  auto late = PgConnection::Connect(options);
  ASSERT_TRUE(late.ok());
  ASSERT_TRUE((*late)->Execute("BEGIN; INSERT INTO t VALUES (1000, 'late')").ok());
  Sql("UPDATE t SET v = 'b' WHERE id = 1");
  const ConfiguredStream stream = ByXmin();
  RecordedOutput first, second, third;
  State state = ReadOn(kXmin, stream, {}, first);
  EXPECT_EQ(first.rows, 100);
  ASSERT_TRUE((*late)->Execute("COMMIT").ok());
  Sql("INSERT INTO t VALUES (1001, 'new'); DELETE FROM t WHERE id = 2");
  state = ReadOn(kXmin, stream, state, second);
  // Row 1 was written while the late transaction ran: it comes again, as in Airbyte.
  EXPECT_EQ(Sorted(second.Column("id")), (std::vector<std::string>{"1", "1000", "1001"}));
  Sql("VACUUM (FREEZE) t");
  ReadOn(kXmin, stream, state, third);
  EXPECT_EQ(third.rows, 0);
}

TEST_F(ResumeTest, XminStatesOfAirbyteAndOfAnotherServer) {
  Sql("CREATE TABLE t AS SELECT 1 AS id; CREATE VIEW w AS SELECT 1 AS id");
  const auto count = [&](const char* state) {
    RecordedOutput output;
    ReadOn(kXmin, ByXmin(), StateOf(Json::parse(state)), output);
    return output.rows;
  };
  EXPECT_EQ(count(R"({"version": 2, "state_type": "xmin", "num_wraparound": 0,
                      "xmin_xid_value": 3, "xmin_raw_value": 3})"),
            1);
  const std::string now = Ask("SELECT txid_current()");
  EXPECT_EQ(count(fmt::format(R"({{"version": 3, "state_type": "xmin_based", "xmin":
                      {{"num_wraparound": 0, "xmin_xid_value": {0}, "xmin_raw_value": {0}}}}})",
                              now)
                      .c_str()),
            0);
  // From the future: a restored server. All of it, rather than too little.
  EXPECT_EQ(count(R"({"version": 2, "state_type": "xmin", "num_wraparound": 7,
                      "xmin_xid_value": 3, "xmin_raw_value": 30064771075})"),
            1);
  ConfiguredStream view = Configured("w");
  view.sync_mode = SyncMode::kIncremental;
  const auto split = Open(kXmin)->Split(view, {});
  ASSERT_FALSE(split.ok());
  EXPECT_NE(split.status().error().message.find("no transaction ids"), std::string::npos);
  const auto catalog = Open(kXmin)->Discover();
  ASSERT_TRUE(catalog.ok());
  for (const Stream& stream : catalog->streams) {
    EXPECT_EQ(stream.source_defined_cursor, stream.descriptor.name == "t");
  }
}

TEST(XminState, KnowsWhenIdsHaveWrappedAround) {
  constexpr FullXid kEpoch = FullXid{1} << 32;
  EXPECT_EQ(ConditionSinceXid(1000, {2000, 2005}),
            "(xmin::text::bigint >= 1000 AND xmin::text::bigint < 2005)");
  EXPECT_EQ(ConditionSinceXid(kEpoch - 10, {kEpoch + 5, kEpoch + 7}),
            "(xmin::text::bigint >= 4294967286 OR xmin::text::bigint < 7)");
  EXPECT_EQ(ConditionSinceXid(1000, {kEpoch + 2000, kEpoch + 2000}), std::nullopt);
  EXPECT_EQ(ConditionSinceXid(1000, {2 * kEpoch + 5, 2 * kEpoch + 5}), std::nullopt);
  EXPECT_EQ(ConditionSinceXid(3000, {2000, 2005}), std::nullopt);
  EXPECT_EQ(XidOfState(XminStateOf(3 * kEpoch + 17)), 3 * kEpoch + 17);
  EXPECT_EQ(XidOfState(Json::parse(R"({"state_type": "xmin", "num_wraparound": 2,
                                       "xmin_xid_value": 9})")),
            2 * kEpoch + 9);
  EXPECT_EQ(XidOfState(Json::parse(R"({"state_type": "cursor_based"})")), std::nullopt);
}

TEST(CtidState, RefusesWhatIsNoCtid) {
  for (const char* ctid : {"", "(1,2", "1,2", "(x,2)", "(1,70000)", "(-1,2)", "(1,2)x", "(1)"}) {
    CtidState state;
    state.ctid = ctid;
    EXPECT_FALSE(state.page()) << ctid;
  }
  CtidState state;
  state.ctid = "(4294967294,65535)";
  EXPECT_EQ(state.page(), 4294967294);
}

}  // namespace
}  // namespace millrace
