// Incremental streams: nothing is lost, nothing comes twice, and the state says so.

#include "sources/postgres/source_fixture.h"

namespace millrace {
namespace {

class CursorTest : public SourceFixture {
 protected:
  /// One sync of `items` by its cursor; the ids that came, sorted.
  std::vector<int64_t> Next(const char* cursor = "at") {
    RecordedOutput output;
    state_ = Sync(Configured("items", cursor), state_, output);
    std::vector<int64_t> ids;
    for (const std::string& id : output.Column("id")) ids.push_back(std::stoll(id));
    std::sort(ids.begin(), ids.end());
    return ids;
  }
  const Json& Saved() const { return *state_.Find({"items", "public"}); }
  using Ids = std::vector<int64_t>;

  State state_;
};

TEST_F(CursorTest, BringsWhatIsNew) {
  Sql("CREATE TABLE items (id int PRIMARY KEY, at timestamptz);"
      "INSERT INTO items VALUES (1, '2025-01-01 00:00:00.123456Z'), (2, '2025-01-02Z')");
  EXPECT_EQ(Next(), (Ids{1, 2}));
  EXPECT_EQ(Saved()["state_type"], "cursor_based");
  EXPECT_EQ(Saved()["cursor_field"], Json::array({"at"}));
  EXPECT_EQ(Saved()["cursor"], "2025-01-02T00:00:00.000000Z");
  EXPECT_EQ(Saved()["cursor_record_count"], 1);
  EXPECT_EQ(Saved()["stream_name"], "items");
  EXPECT_EQ(Next(), Ids{});
  Sql("INSERT INTO items VALUES (3, '2025-01-02 00:00:00.000001Z'), (4, '2024-01-01')");
  EXPECT_EQ(Next(), Ids{3});
  EXPECT_EQ(Saved()["cursor"], "2025-01-02T00:00:00.000001Z");
  Sql("DELETE FROM items");
  EXPECT_EQ(Next(), Ids{});
  EXPECT_EQ(Saved()["cursor"], "2025-01-02T00:00:00.000001Z");
}

TEST_F(CursorTest, TiesComeOnce) {
  Sql("CREATE TABLE items (id int, at date); INSERT INTO items SELECT i, '2025-03-01' "
      "FROM generate_series(1, 5) i");
  EXPECT_EQ(Next(), (Ids{1, 2, 3, 4, 5}));
  Sql("INSERT INTO items VALUES (6, '2025-03-01')");
  EXPECT_EQ(Next(), Ids{6});
  EXPECT_EQ(Next(), Ids{});
  // As many rows as before, another one among them; and a twin of one that came.
  Sql("DELETE FROM items WHERE id = 2; INSERT INTO items VALUES (7, '2025-03-01')");
  EXPECT_EQ(Next(), Ids{7});
  Sql("INSERT INTO items VALUES (7, '2025-03-01')");
  EXPECT_EQ(Next(), Ids{7});
  Sql("INSERT INTO items VALUES (8, '2025-03-01'), (9, '2025-03-02')");
  EXPECT_EQ(Next(), (Ids{8, 9}));
  EXPECT_EQ(Next(), Ids{});
}

TEST_F(CursorTest, NeverLoseARowOfTooManyTies) {
  Sql("CREATE TABLE items (id int PRIMARY KEY, at int); INSERT INTO items SELECT i, 1 "
      "FROM generate_series(1, 131122) i");
  EXPECT_EQ(Next().size(), 131122U);
  EXPECT_EQ(Saved()["millrace"]["row_hashes"].size(), 131072U);
  EXPECT_EQ(Next().size(), 50U);  // repeated, and warned about
}

TEST_F(CursorTest, AnAddedColumnBringsNoRowAgain) {
  Sql("CREATE TABLE items (id int PRIMARY KEY, at int); "
      "INSERT INTO items VALUES (1, 1), (2, 1), (3, 1)");
  EXPECT_EQ(Next(), (Ids{1, 2, 3}));
  Sql("ALTER TABLE items ADD note text DEFAULT 'none'");
  EXPECT_EQ(Next(), Ids{});
  // The new column counts from then on; so does a row that came late.
  Sql("INSERT INTO items VALUES (4, 1, 'late'); UPDATE items SET note = 'changed' WHERE id = 2");
  EXPECT_EQ(Next(), (Ids{2, 4}));
  Sql("ALTER TABLE items ADD more int");
  Sql("INSERT INTO items VALUES (5, 1), (6, 2)");
  EXPECT_EQ(Next(), (Ids{5, 6}));
  EXPECT_EQ(Next(), Ids{});
}

TEST_F(CursorTest, ADroppedOrWidenedColumnBringsNoRowAgain) {
  Sql("CREATE TABLE items (id int PRIMARY KEY, at int, n int, v varchar(10)); "
      "INSERT INTO items VALUES (1, 1, 1, 'a'), (2, 1, 2, 'b'), (3, 1, 3, 'c')");
  EXPECT_EQ(Next(), (Ids{1, 2, 3}));
  Sql("ALTER TABLE items ALTER v TYPE text");  // looks as before
  EXPECT_EQ(Next(), Ids{});
  for (const char* change : {"DROP n", "ALTER id TYPE int8", "ADD n int, DROP v"}) {
    SCOPED_TRACE(change);
    Sql(fmt::format("ALTER TABLE items {}", change));
    EXPECT_EQ(Next(), Ids{});
    // From here on rows are told apart again.
    const auto id = static_cast<int64_t>(std::stoll(Ask("SELECT max(id) + 1 FROM items")));
    Sql(fmt::format("INSERT INTO items (id, at) VALUES ({}, 1)", id));
    EXPECT_EQ(Next(), Ids{id});
  }
  // Another number of rows: which of them came can't be known any more.
  Sql("ALTER TABLE items DROP n; INSERT INTO items VALUES (100, 1)");
  EXPECT_EQ(Next().size(), 7U);
  EXPECT_EQ(Next(), Ids{});
}

TEST_F(CursorTest, EveryTypeKeepsItsPrecision) {
  const std::pair<const char*, std::vector<const char*>> cases[] = {
      {"int8", {"1", "2", "9223372036854775807"}},
      {"numeric(30,10)", {"1.0000000001", "2", "12345678901234567890.0123456789"}},
      {"numeric", {"0.1", "0.10000000000000000000000000000001", "1e30"}},
      {"float8", {"0.1", "0.30000000000000004", "1e300"}},
      {"float4", {"0.1", "0.3", "1e30"}},
      {"text", {"'a\\'", "'a\\b'", "'é'''"}},
      {"char(4)", {"'a'", "'ab'", "'b'"}},
      {"date", {"'0044-03-15 BC'", "'2024-02-29'", "'9999-12-31'"}},
      {"timestamp",
       {"'0044-03-15 01:02:03.000004 BC'", "'2025-01-01 00:00:00.000001'",
        "'2025-01-01 00:00:00.000002'"}},
      {"time", {"'00:00:00.000001'", "'12:00'", "'23:59:59.999999'"}},
      {"uuid",
       {"'00000000-0000-0000-0000-000000000001'", "'7fffffff-0000-0000-0000-000000000001'",
        "'ffffffff-0000-0000-0000-000000000001'"}}};
  for (const auto& [type, values] : cases) {
    SCOPED_TRACE(type);
    state_ = State();
    Sql(fmt::format("DROP TABLE IF EXISTS items; CREATE TABLE items (id int, at {})", type));
    int64_t id = 0;
    for (const char* value : values) {
      Sql(fmt::format("INSERT INTO items VALUES ({}, {})", ++id, value));
      EXPECT_EQ(Next(), Ids{id}) << value;
    }
    EXPECT_EQ(Next(), Ids{});
  }
}

TEST_F(CursorTest, GoesOnFromAirbytesState) {
  Sql("CREATE TABLE items (id int, at timestamp); INSERT INTO items SELECT i, "
      "timestamp '2025-01-01 00:00:00.5' + i * interval '1 day' FROM generate_series(1, 5) i");
  const auto from = [&](int count) {
    state_ = State();
    state_.Merge(
        StateMessage::OfStream({"items", "public"}, Json{{"state_type", "cursor_based"},
                                                         {"version", 2},
                                                         {"cursor_field", {"at"}},
                                                         {"cursor", "2025-01-04T00:00:00.5"},
                                                         {"cursor_record_count", count}}));
  };
  from(1);
  EXPECT_EQ(Next(), (Ids{4, 5}));
  from(2);  // there were two then: what is there now must be another one
  EXPECT_EQ(Next(), (Ids{3, 4, 5}));
  EXPECT_EQ(Next(), Ids{});
}

TEST_F(CursorTest, RowsWithoutACursorStayOut) {
  Sql("CREATE TABLE items (id int, at timestamp); INSERT INTO items VALUES (1, NULL), "
      "(2, '2025-01-01'), (3, 'infinity')");
  EXPECT_EQ(Next(), Ids{2});
  Sql("INSERT INTO items VALUES (4, '2025-01-02')");
  EXPECT_EQ(Next(), Ids{4});
}

TEST_F(CursorTest, CheckpointsStandBetweenCursorValues) {
  Sql("CREATE TABLE items (id int PRIMARY KEY, at int); INSERT INTO items VALUES (0, 0)");
  Next();
  // More than a batch of rows, seven to a value.
  Sql("INSERT INTO items SELECT i, (i + 6) / 7 FROM generate_series(1, 300000) i");
  RecordedOutput output;
  const State last = Sync(Configured("items", "at"), state_, output);
  EXPECT_EQ(output.rows, 300000);
  ASSERT_GE(output.checkpoints.size(), 3U);
  for (const auto& [rows, message] : output.checkpoints) {
    const Json& saved = *message.streams[0].second;
    const int64_t value = std::stoll(saved["cursor"].get<std::string>());
    EXPECT_EQ(rows, std::min<int64_t>(value * 7, 300000));
  }
  // Going on from the first of them brings exactly the rest.
  state_ = State();
  state_.Merge(output.checkpoints[0].second);
  EXPECT_EQ(static_cast<int64_t>(Next().size()), 300000 - output.checkpoints[0].first);
}

TEST_F(CursorTest, SaysWhichColumnsCouldBeOne) {
  Sql("CREATE TABLE items (id int, j json, at date)");
  for (const char* cursor : {"missing", "j"}) {
    const Status status = Open()->Split(Configured("items", cursor), {}).status();
    ASSERT_TRUE(status.failed());
    EXPECT_EQ(status.error().type, FailureType::kConfigError);
    EXPECT_NE(status.error().message.find(cursor), std::string::npos);
    EXPECT_NE(status.error().message.find("columns that can be one: id, at"), std::string::npos);
  }
  auto none = Configured("items", "id");
  none.cursor_field.clear();
  EXPECT_NE(Open()->Split(none, {}).status().ToString().find("no cursor_field"), std::string::npos);
  state_.Merge(StateMessage::OfStream(
      {"items", "public"},
      Json{{"state_type", "cursor_based"}, {"cursor_field", {"at"}}, {"cursor", "no date"}}));
  Sql("INSERT INTO items VALUES (1, '{}', '2025-01-01')");
  RecordedOutput output;
  ASSERT_TRUE(Open()->Read({{Configured("items", "at")}}, state_, output, {}).ok());
  EXPECT_EQ(output.statuses["items"], StreamStatus::kIncomplete);
  EXPECT_EQ(output.errors["items"].type, FailureType::kConfigError);
}

TEST_F(CursorTest, ManyStreamsGoOnTogether) {
  ConfiguredCatalog catalog;
  State state;
  for (int i = 0; i < 12; ++i) {
    const std::string name = fmt::format("t{}", i);
    Sql(fmt::format("CREATE TABLE {} (id int, at int); INSERT INTO {} VALUES (1, 1), (2, 2)", name,
                    name));
    catalog.streams.push_back(Configured(name, "at"));
    state.Merge(StateMessage::OfStream({name, "public"}, Json{{"state_type", "cursor_based"},
                                                              {"cursor_field", {"at"}},
                                                              {"cursor", "1"},
                                                              {"cursor_record_count", 1}}));
  }
  Sql("DROP TABLE t5");
  RecordedOutput output;
  ASSERT_TRUE(Open()->Read(catalog, state, output, {}).ok());
  EXPECT_EQ(output.rows, 11);
  EXPECT_EQ(output.checkpoints.size(), 11U);
  for (int i = 0; i < 12; ++i) {
    EXPECT_EQ(output.statuses[fmt::format("t{}", i)],
              i == 5 ? StreamStatus::kIncomplete : StreamStatus::kComplete);
  }
  EXPECT_NE(output.errors["t5"].message.find("public.t5"), std::string::npos);
}

TEST_F(CursorTest, ACursorThatIsNotSelectedStillWorks) {
  Sql("CREATE TABLE items (id int, at int); INSERT INTO items VALUES (1, 1)");
  auto stream = Configured("items", "at");
  stream.selected_fields = {"id"};
  RecordedOutput first, second;
  const State state = Sync(stream, {}, first);
  Sql("INSERT INTO items VALUES (2, 2)");
  Sync(stream, state, second);
  EXPECT_EQ(second.Column("id"), std::vector<std::string>{"2"});
  EXPECT_EQ(second.schemas[0]->num_fields(), 1);
}

}  // namespace
}  // namespace millrace
