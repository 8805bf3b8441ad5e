#include <arrow/api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "sources/faker/faker_source.h"

namespace millrace {
namespace {

using Table = std::shared_ptr<arrow::Table>;

class FixedClock : public Clock {
 public:
  SteadyTime Now() const override { return {}; }
  WallTime WallNow() const override { return now; }
  WallTime now{std::chrono::seconds(1'800'000'000)};
};

/// Keeps all that a source says, and can be told to fail.
class Recorder : public SourceOutput {
 public:
  Status Open(const StreamDescriptor& stream, const SchemaPtr& schema) override {
    std::lock_guard lock(mutex);
    schemas[stream.name] = schema;
    return Status::Ok();
  }
  Status Emit(const StreamDescriptor& stream, ChangeBatch batch, Deadline) override {
    std::lock_guard lock(mutex);
    if (stream.name == stopped_stream) return Status::StreamStopped();
    EXPECT_TRUE(batch.rows->ValidateFull().ok());
    EXPECT_TRUE(batch.rows->schema()->Equals(schemas.at(stream.name)));
    if (--batches_until_stop == 0) stop.request_stop();
    batches[stream.name].push_back(std::move(batch.rows));
    return Status::Ok();
  }
  Status Truncate(const StreamDescriptor&) override { return Status::Ok(); }
  Status Checkpoint(StateMessage message) override {
    ++checkpoints;
    state.Merge(message);
    return Status::Ok();
  }
  void ReportStatus(const StreamDescriptor& stream, StreamStatus status,
                    std::optional<Error> error) override {
    statuses[stream.name].push_back(status);
    if (error) errors[stream.name] = error->message;
  }
  void ReportEstimate(const StreamDescriptor& stream, std::optional<int64_t> rows,
                      std::optional<int64_t>) override {
    estimates[stream.name] = rows.value_or(-1);
  }

  /// Sorted by id, as partitions come in any order.
  Table Rows(const std::string& stream) {
    auto sorted = batches[stream];
    const auto first_id = [](const auto& batch) {
      return static_cast<const arrow::Int64Array&>(*batch->column(0)).Value(0);
    };
    std::sort(sorted.begin(), sorted.end(),
              [&](const auto& a, const auto& b) { return first_id(a) < first_id(b); });
    return arrow::Table::FromRecordBatches(schemas.at(stream), sorted)
        .ValueOrDie()
        ->CombineChunks()
        .ValueOrDie();
  }

  std::mutex mutex;
  std::stop_source stop;
  int batches_until_stop = -1;
  std::string stopped_stream;
  std::map<std::string, SchemaPtr> schemas;
  std::map<std::string, arrow::RecordBatchVector> batches;
  std::map<std::string, std::vector<StreamStatus>> statuses;
  std::map<std::string, std::string> errors;
  std::map<std::string, int64_t> estimates;
  State state;
  int checkpoints = 0;
};

class FakerTest : public testing::Test {
 protected:
  std::unique_ptr<FakerSource> Make(const Json& config) {
    auto parsed = FakerConfig::Parse(config);
    EXPECT_TRUE(parsed.ok());
    return std::make_unique<FakerSource>(*parsed, clock_);
  }

  static ConfiguredCatalog Configure(FakerSource& source, SyncMode mode) {
    ConfiguredCatalog catalog;
    const auto discovered = source.Discover();
    for (const Stream& stream : (*discovered).streams) {
      catalog.streams.push_back({.stream = stream, .sync_mode = mode});
    }
    return catalog;
  }

  static void Read(FakerSource& source, Recorder& output, SyncMode mode = SyncMode::kFullRefresh,
                   const State& state = {}) {
    const Status status =
        source.Read(Configure(source, mode), state, output, output.stop.get_token());
    EXPECT_TRUE(status.ok() || status.canceled()) << status.ToString();
  }

  FixedClock clock_;
};

int64_t Id(const Table& table, int64_t row) {
  return static_cast<const arrow::Int64Array&>(*table->column(0)->chunk(0)).Value(row);
}

TEST_F(FakerTest, DiscoversAirbytesStreams) {
  const auto catalog = Make(Json::object())->Discover();
  ASSERT_EQ((*catalog).streams.size(), 3u);
  const std::map<std::string, std::vector<std::string>> expected = {
      {"users",
       {"id", "created_at", "updated_at", "name", "title", "age", "email", "telephone", "gender",
        "language", "academic_degree", "nationality", "occupation", "height", "blood_type",
        "weight", "address"}},
      {"products", {"id", "make", "model", "year", "price", "created_at", "updated_at"}},
      {"purchases",
       {"id", "product_id", "user_id", "added_to_cart_at", "purchased_at", "returned_at",
        "created_at", "updated_at"}}};
  for (const Stream& stream : (*catalog).streams) {
    std::vector<std::string> columns;
    for (const auto& [name, property] : (*stream.json_schema)["properties"].items()) {
      columns.push_back(name);
    }
    EXPECT_EQ(columns, expected.at(stream.descriptor.name));
    EXPECT_TRUE(stream.source_defined_cursor);
    EXPECT_EQ(stream.default_cursor_field, FieldPath{"updated_at"});
    EXPECT_EQ(stream.source_defined_primary_key, std::vector<FieldPath>{{"id"}});
  }
  const Json& users = *(*catalog).streams[0].json_schema;
  EXPECT_EQ(users["properties"]["address"]["properties"]["city"]["type"], "string");
  EXPECT_EQ(users["properties"]["age"]["type"], "integer");
  EXPECT_EQ(users["properties"]["updated_at"]["airbyte_type"], "timestamp_with_timezone");
}

TEST_F(FakerTest, ReadsTheRowsThatTheCountAsksFor) {
  struct Case {
    int64_t count, products, purchases;
  };
  for (const Case& c : {Case{1, 1, 1},
                        {7, 7, 6},
                        {9, 9, 9},
                        {10, 10, 10},
                        {1000, 100, 1000},
                        {20'003, 100, 20'003}}) {
    Recorder output;
    Read(*Make({{"count", c.count}}), output);
    EXPECT_EQ(output.Rows("users")->num_rows(), c.count);
    EXPECT_EQ(output.Rows("products")->num_rows(), c.products);
    const Table purchases = output.Rows("purchases");
    ASSERT_EQ(purchases->num_rows(), c.purchases);
    for (int64_t row = 0; row < c.purchases; ++row) ASSERT_EQ(Id(purchases, row), row + 1);
    EXPECT_EQ(output.statuses["users"],
              (std::vector{StreamStatus::kStarted, StreamStatus::kComplete}));
    EXPECT_EQ(output.estimates["users"], c.count);
  }
}

TEST_F(FakerTest, ColumnsHoldWhatTheirNamesSay) {
  Recorder output;
  Read(*Make({{"count", 5000}, {"seed", 3}}), output);
  const Table purchases = output.Rows("purchases");
  int bought = 0, returned = 0;
  const auto time = [&](const char* name, int64_t row) {
    const auto column = purchases->GetColumnByName(name)->chunk(0);
    return column->IsNull(row) ? std::optional<int64_t>()
                               : static_cast<const arrow::TimestampArray&>(*column).Value(row);
  };
  for (int64_t row = 0; row < purchases->num_rows(); ++row) {
    ASSERT_LE(*time("created_at", row), *time("added_to_cart_at", row));
    if (time("purchased_at", row)) {
      ++bought;
      ASSERT_LE(*time("added_to_cart_at", row), *time("purchased_at", row));
    }
    if (time("returned_at", row)) {
      ++returned;
      ASSERT_LT(time("purchased_at", row).value(), *time("returned_at", row));
    }
    ASSERT_EQ(*time("updated_at", row), clock_.now.time_since_epoch().count());
  }
  EXPECT_NEAR(bought, 3500, 200);
  EXPECT_NEAR(returned, 525, 120);
  const Table users = output.Rows("users");
  std::set<std::string> emails;
  for (int64_t row = 0; row < users->num_rows(); ++row) {
    emails.insert(users->GetColumnByName("email")->GetScalar(row).ValueOrDie()->ToString());
  }
  EXPECT_EQ(emails.size(), 5000u);
}

TEST_F(FakerTest, OneSeedGivesOneTableHoweverItIsSplit) {
  Recorder whole;
  const Json config{{"count", 400'001}, {"seed", 42}};
  auto source = Make(config);
  Read(*source, whole);
  for (const int parallelism : {1, 3}) {
    Json split = config;
    split["parallelism"] = parallelism;
    auto other = Make(split);
    Recorder output;
    for (const ConfiguredStream& stream : Configure(*other, SyncMode::kFullRefresh).streams) {
      const auto partitions = other->Split(stream, {});
      ASSERT_TRUE(partitions.ok());
      if (stream.descriptor().name == "products") {
        EXPECT_TRUE((*partitions).empty());
        continue;
      }
      ASSERT_GE((*partitions).size(), 2u);
      std::vector<std::jthread> readers;
      for (const Partition& partition : *partitions) {
        readers.emplace_back([&other, &stream, &partition, &output] {
          EXPECT_TRUE(other->ReadPartition(stream, partition, output, {}).ok());
        });
      }
      readers.clear();
      EXPECT_TRUE(
          output.Rows(stream.descriptor().name)->Equals(*whole.Rows(stream.descriptor().name)));
      const auto state = other->StateAfter(stream, {});
      EXPECT_EQ((*(*state).streams[0].second)["loop_offset"], 400'001);
    }
  }
}

TEST_F(FakerTest, SeedsDiffer) {
  Recorder a, b, random_a, random_b;
  Read(*Make({{"seed", 1}}), a);
  Read(*Make({{"seed", 2}}), b);
  Read(*Make({{"seed", -1}}), random_a);
  Read(*Make(Json::object()), random_b);
  EXPECT_FALSE(a.Rows("users")->Equals(*b.Rows("users")));
  EXPECT_FALSE(random_a.Rows("users")->Equals(*random_b.Rows("users")));
  EXPECT_TRUE(a.Rows("products")->Equals(*b.Rows("products")));
}

TEST_F(FakerTest, AnInterruptedIncrementalReadGoesOnWithoutLossOrRepeat) {
  for (const bool always_updated : {true, false}) {
    const Json config{{"count", 10'000}, {"always_updated", always_updated}};
    Recorder output;
    output.batches_until_stop = 4;
    Read(*Make(config), output, SyncMode::kIncremental);
    const Json saved = *output.state.Find({"users", {}});
    EXPECT_EQ(saved["loop_offset"], 4000);
    ASSERT_EQ(output.Rows("users")->num_rows(), 4000);
    output.batches_until_stop = -1;
    output.stop = std::stop_source();

    Read(*Make(config), output, SyncMode::kIncremental, State(output.state));
    const Table users = output.Rows("users");
    ASSERT_EQ(users->num_rows(), 10'000);
    for (int64_t row = 0; row < users->num_rows(); ++row) ASSERT_EQ(Id(users, row), row + 1);
    EXPECT_EQ((*output.state.Find({"users", {}}))["seed"], saved["seed"]);
  }
}

TEST_F(FakerTest, AFinishedReadStartsOverOrDeliversOnlyWhatIsNew) {
  Json config{{"count", 50}, {"seed", 5}, {"always_updated", false}};
  Recorder first;
  Read(*Make(config), first, SyncMode::kIncremental);
  EXPECT_EQ((*first.state.Find({"users", {}}))["updated_at"], "2024-01-01T00:00:00.050000+00:00");
  Recorder nothing;
  Read(*Make(config), nothing, SyncMode::kIncremental, first.state);
  EXPECT_EQ(nothing.Rows("users")->num_rows(), 0);
  config["count"] = 60;
  Recorder more;
  Read(*Make(config), more, SyncMode::kIncremental, first.state);
  ASSERT_EQ(more.Rows("users")->num_rows(), 10);
  EXPECT_EQ(Id(more.Rows("users"), 0), 51);
  config["always_updated"] = true;
  Recorder all;
  Read(*Make(config), all, SyncMode::kIncremental, first.state);
  EXPECT_EQ(all.Rows("users")->num_rows(), 60);
  // Airbyte's own state after a finished sync has no count.
  State airbytes;
  airbytes.Merge(StateMessage::OfStream(
      {"users", {}}, {{"seed", -1}, {"updated_at", "2024-05-05T00:00:00"}, {"loop_offset", 60}}));
  config["always_updated"] = false;
  Recorder none;
  Read(*Make(config), none, SyncMode::kIncremental, airbytes);
  EXPECT_EQ(none.Rows("users")->num_rows(), 0);
}

TEST_F(FakerTest, AStreamThatFailsLeavesTheOthersAlone) {
  auto source = Make({{"count", 50}});
  ConfiguredCatalog catalog = Configure(*source, SyncMode::kFullRefresh);
  catalog.streams.insert(catalog.streams.begin(), ConfiguredStream());
  catalog.streams[0].stream.descriptor.name = "orders";
  Recorder output;
  output.stopped_stream = "users";
  EXPECT_TRUE(source->Read(catalog, {}, output, {}).ok());
  EXPECT_NE(output.errors["orders"].find("no stream orders"), std::string::npos);
  EXPECT_EQ(output.statuses["users"].back(), StreamStatus::kIncomplete);
  EXPECT_EQ(output.statuses["purchases"].back(), StreamStatus::kComplete);
}

TEST_F(FakerTest, RefusesWhatIsNotAConfiguration) {
  const std::pair<Json, const char*> cases[] = {{{{"count", 0}}, "count"},
                                                {{{"count", "ten"}}, "count"},
                                                {{{"count", 1.5}}, "count"},
                                                {{{"count", 18446744073709551615u}}, "count"},
                                                {{{"records_per_slice", -1}}, "records_per_slice"},
                                                {{{"parallelism", 0}}, "parallelism"},
                                                {{{"always_updated", "yes"}}, "always_updated"},
                                                {Json::array(), "object"}};
  for (const auto& [config, word] : cases) {
    const auto source = MakeFakerSource(config);
    ASSERT_FALSE(source.ok()) << config.dump();
    EXPECT_EQ(source.status().error().type, FailureType::kConfigError);
    EXPECT_NE(source.status().ToString().find(word), std::string::npos);
  }
  State state;
  state.Merge(StateMessage::OfStream({"users", {}}, {{"loop_offset", "far"}}));
  Recorder output;
  Read(*Make(Json::object()), output, SyncMode::kIncremental, state);
  EXPECT_NE(output.errors["users"].find("loop_offset"), std::string::npos);
}

}  // namespace
}  // namespace millrace
