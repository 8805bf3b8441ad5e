#include "cli/connection_file.h"

#include <gmock/gmock.h>

#include <map>
#include <nlohmann/json.hpp>

namespace millrace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::map<std::string, std::string> kVariables = {
    {"PGPORT", "5433"}, {"SECRET", "s3cret: yes"}, {"YEAR", "1999"}, {"EMPTY", ""}};

Environment Variables() {
  return [](const std::string& name) -> std::optional<std::string> {
    const auto found = kVariables.find(name);
    return found == kVariables.end() ? std::nullopt : std::optional(found->second);
  };
}

constexpr std::string_view kEnds = R"(
source: {type: faker, config: {count: 5}}
destination: {type: local, config: {path: out}}
)";

Result<ConnectionFile> Parse(std::string_view text) {
  return ParseConnectionFile(text, "dir/shop.yaml", Variables());
}

/// What comes of the two ends and `more`.
Result<ConnectionFile> With(std::string_view more) {
  return Parse(std::string(kEnds) + std::string(more));
}

std::string ErrorOf(std::string_view more) {
  const auto file = With(more);
  return file.ok() ? "" : file.status().ToString();
}

TEST(ConnectionFile, HasTheDefaultsOfTheProduct) {
  const auto file = With("");
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  EXPECT_EQ(file->name, "shop");
  EXPECT_EQ(file->source->type, "faker");
  EXPECT_EQ((*file->source->config)["count"], Json(5));
  EXPECT_FALSE(file->streams.has_value());
  EXPECT_EQ(file->destination_namespace, "source");
  EXPECT_EQ(file->metadata, "current");
  EXPECT_EQ(file->number_format, "auto");
  EXPECT_EQ(file->commit_interval, std::chrono::minutes(5));
  EXPECT_EQ(file->writer_lanes, 0);
  EXPECT_TRUE(file->schedule->is_null());
}

TEST(ConnectionFile, ReadsEveryKey) {
  const auto file = With(R"(
name: postgres_to_lake
streams:
  - name: customers
    namespace: public
    sync_mode: incremental_append
    cursor_field: [updated_at]
    primary_key: [[customer_id], [part, of]]
    selected_fields: [customer_id, name, updated_at]
  - orders
destination_namespace: "production_${SOURCE_NAMESPACE}"
prefix: raw_
normalization: basic
raw_tables: false
metadata: none
number_format: decimal
undeclared_fields: count
commit_interval: 30 s
merge_interval: 1 hour
writer_lanes: 4
schedule: {weekly: [mon, thu], at: "02:00"}
)");
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  EXPECT_EQ(file->name, "postgres_to_lake");
  ASSERT_EQ(file->streams->size(), 2u);
  const StreamSelection& customers = (*file->streams)[0];
  EXPECT_EQ(customers.name_space, "public");
  EXPECT_EQ(customers.sync_mode, SyncMode::kIncremental);
  EXPECT_EQ(customers.destination_sync_mode, DestinationSyncMode::kAppend);
  EXPECT_THAT(customers.cursor_field, ElementsAre("updated_at"));
  EXPECT_THAT(customers.primary_key,
              ElementsAre(ElementsAre("customer_id"), ElementsAre("part", "of")));
  EXPECT_THAT(customers.selected_fields, ElementsAre("customer_id", "name", "updated_at"));
  const StreamSelection& orders = (*file->streams)[1];
  EXPECT_EQ(orders.name, "orders");
  EXPECT_EQ(orders.sync_mode, SyncMode::kFullRefresh);
  EXPECT_EQ(orders.destination_sync_mode, DestinationSyncMode::kOverwrite);
  EXPECT_EQ(file->destination_namespace, "production_${SOURCE_NAMESPACE}");
  EXPECT_EQ(file->prefix, "raw_");
  EXPECT_EQ(file->commit_interval, std::chrono::seconds(30));
  EXPECT_EQ(file->normalization, "basic");
  EXPECT_FALSE(file->raw_tables);
  EXPECT_EQ(file->merge_interval, std::chrono::hours(1));
  EXPECT_EQ(file->writer_lanes, 4);
  EXPECT_EQ((*file->schedule)["at"], Json("02:00"));
}

TEST(ConnectionFile, UnknownKeysNameTheNearest) {
  EXPECT_EQ(ErrorOf("prefx: a"), "dir/shop.yaml:4:1: unknown key prefx; did you mean prefix?");
  EXPECT_THAT(ErrorOf("streams: [{name: a, sync_mod: x}]"), HasSubstr("did you mean sync_mode?"));
  EXPECT_THAT(ErrorOf("zzzzzz: a"), HasSubstr("unknown key zzzzzz; known here: name, source"));
  const auto file = Parse("source: {typ: faker}");
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.status().ToString(), "dir/shop.yaml:1:10: unknown key typ; did you mean type?");
}

TEST(ConnectionFile, RefusesWhatIsOutOfRange) {
  EXPECT_THAT(ErrorOf("undeclared_fields: drop"), HasSubstr("allowed: count, keep"));
  const auto file = Parse("source: {command: [x], max_seconds_between_messages: 0}");
  ASSERT_FALSE(file.ok());
  EXPECT_THAT(file.status().ToString(),
              HasSubstr("max_seconds_between_messages must be a whole number from 1 to 604800"));
}

TEST(ConnectionFile, AnEndMayBeAProgram) {
  const auto destination = Parse("destination: {command: [a, b]}");
  ASSERT_TRUE(destination.ok()) << destination.status().ToString();
  EXPECT_THAT(destination->destination->command, ElementsAre("a", "b"));
  const auto file = Parse("source: {command: [./source.py, --fast], config: {a: 1}}");
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  EXPECT_THAT(file->source->command, ElementsAre("./source.py", "--fast"));
  EXPECT_EQ(*file->source->config, Json({{"a", 1}}));
  for (const char* wrong :
       {"command: [], config: {}", "command: ./source.py", "command: [a, 5]", "command: ['', a]"}) {
    const auto refused = Parse(fmt::format("source: {{{}}}", wrong));
    ASSERT_FALSE(refused.ok()) << wrong;
    EXPECT_THAT(refused.status().ToString(), HasSubstr("[PROGRAM, ARGUMENT, …]"));
  }
  const auto both = Parse("source: {type: faker, command: [a]}");
  ASSERT_FALSE(both.ok());
  EXPECT_THAT(both.status().ToString(), HasSubstr("only one names it"));
}

TEST(ConnectionFile, AnEndIsNamedInOneWay) {
  EXPECT_EQ(Parse("source: {manifest: a.yaml}")->source->manifest, "a.yaml");
  EXPECT_EQ(Parse("source: {image: airbyte/source-x:1}")->source->image, "airbyte/source-x:1");
  EXPECT_EQ(Parse("source: {type: faker, version: 7.2.1}")->source->version, "7.2.1");
  const auto error = [](const char* end) {
    const auto file = Parse(fmt::format("source: {{{}}}", end));
    return file.ok() ? "" : file.status().ToString();
  };
  EXPECT_THAT(error("type: a, image: b"), HasSubstr("has both type and image; only one names it"));
  EXPECT_THAT(error("manifest: a, image: b"), HasSubstr("only one names it"));
  EXPECT_THAT(error("image: b, version: 1.2.3"), HasSubstr("version is of a type"));
  EXPECT_THAT(error("type: a, version: 7.2"), HasSubstr("put it in quotes"));
  EXPECT_THAT(error("type: ''"), HasSubstr("type is empty"));
  EXPECT_THAT(error("config: {}"), HasSubstr("needs a type"));
}

TEST(ConnectionFile, BasicNormalizationMakesRawTablesUnlessToldOtherwise) {
  EXPECT_FALSE(Parse("normalization: none")->raw_tables);
  EXPECT_TRUE(Parse("normalization: basic")->raw_tables);
  EXPECT_TRUE(Parse("raw_tables: true")->raw_tables);
}

TEST(ConnectionFile, SaysWhatIsAllowed) {
  EXPECT_THAT(ErrorOf("metadata: curent"),
              HasSubstr("metadata is curent; allowed: current, classic, none; did you mean curr"));
  EXPECT_THAT(ErrorOf("normalization: full"), HasSubstr("allowed: none, basic"));
  EXPECT_THAT(ErrorOf("raw_tables: some"), HasSubstr("raw_tables is some; allowed: true, false"));
  EXPECT_THAT(ErrorOf("number_format: 5"), HasSubstr("number_format is 5; allowed: auto, double"));
  EXPECT_THAT(ErrorOf("commit_interval: 5"), HasSubstr("commit_interval \"5\" is not a span"));
  EXPECT_THAT(ErrorOf("writer_lanes: 0"), HasSubstr("from 1 to 64"));
  EXPECT_THAT(ErrorOf("writer_lanes: many"), HasSubstr("writer_lanes must be auto"));
  EXPECT_THAT(ErrorOf("prefix: 5"), HasSubstr("prefix must be text: put it in quotes"));
  EXPECT_THAT(ErrorOf("streams: []"), HasSubstr("streams must be a list"));
  EXPECT_THAT(ErrorOf("streams: [5]"), HasSubstr("a stream must be a name"));
  EXPECT_THAT(ErrorOf("streams: [{namespace: a}]"), HasSubstr("a stream needs a name"));
  EXPECT_THAT(ErrorOf("streams: [a, a]"), HasSubstr("the stream a stands here twice"));
  EXPECT_THAT(ErrorOf("streams: [{name: a, sync_mode: incremental_apend}]"),
              HasSubstr("did you mean incremental_append?"));
  EXPECT_THAT(ErrorOf("streams: [{name: a, primary_key: [[1]]}]"), HasSubstr("primary_key must"));
  EXPECT_THAT(ErrorOf("streams: [{name: a, selected_fields: []}]"), HasSubstr("is empty"));
}

TEST(ConnectionFile, ChecksTheSchedule) {
  for (const char* good : {"manual", "{every: 6 hours}", "{daily: \"02:00\"}",
                           "{cron: \"0 2 * * 1-5\", timezone: Europe/Paris}",
                           "{cron: \"0 0/30 8-18 ? * MON-FRI\", timezone: UTC}"}) {
    EXPECT_EQ(ErrorOf(std::string("schedule: ") + good), "") << good;
  }
  for (const char* bad : {"hourly", "{every: often}", "{daily: \"25:00\"}", "{weekly: [mon]}",
                          "{weekly: [monday], at: \"02:00\"}", "{cron: \"0 2 *\"}",
                          "{every: 1 hour, at: \"02:00\"}", "{}"}) {
    EXPECT_THAT(ErrorOf(std::string("schedule: ") + bad), HasSubstr("dir/shop.yaml:4:")) << bad;
  }
  EXPECT_EQ(ErrorOf("schedule: {cron: \"99 2 * * 1-5\"}"),
            "dir/shop.yaml:4:12: cron \"99 2 * * 1-5\": the minute is 99; it may be 0 to 59");
  EXPECT_EQ(ErrorOf("schedule: {cron: \"0 2 * * 1-5\", timezone: Mars/Base}"),
            "dir/shop.yaml:4:33: timezone: there is no time zone Mars/Base; name one like "
            "Europe/Paris or UTC");
}

TEST(ConnectionFile, PointsAtYamlErrors) {
  for (const char* bad : {"a: [1", "a: b: c", "\tx: 1", "a: *nowhere", "- 1\n- 2", "", "---\n---\n",
                          "text", "name: a\nname: b", "{[1]: 2}"}) {
    const auto file = Parse(bad);
    ASSERT_FALSE(file.ok()) << bad;
    EXPECT_THAT(file.status().ToString(), HasSubstr("dir/shop.yaml")) << bad;
  }
  const auto syntax = Parse("name: a\nsource: {type: [}");
  EXPECT_THAT(syntax.status().ToString(), HasSubstr("dir/shop.yaml:2:"));
  EXPECT_THAT(Parse("source: {type: a, config: {port: ${PGPORT}}}").status().ToString(),
              HasSubstr("put ${…} in quotes"));
  std::string deep(5000, '[');
  EXPECT_FALSE(Parse("name: " + deep).ok());
}

TEST(ConnectionFile, ResolvesTheEnvironmentInScalarsOnly) {
  const auto file = Parse(R"(
source:
  type: postgres
  config:
    port: "${PGPORT}"
    plain: ${PGPORT}
    password: "${SECRET}"
    url: "http://x:${PGPORT}/${YEAR}/${env:YEAR}"
    literal: "$${PGPORT}"
    quoted: "5433"
    number: 5433
    nested: [{a: "${EMPTY}"}]
)");
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  const Json& config = *file->source->config;
  EXPECT_EQ(config["port"], Json("5433"));
  EXPECT_EQ(config["plain"], Json("5433"));
  EXPECT_EQ(config["password"], Json("s3cret: yes"));
  EXPECT_EQ(config["url"], Json("http://x:5433/${YEAR}/1999"));
  EXPECT_EQ(config["literal"], Json("${PGPORT}"));
  EXPECT_EQ(config["quoted"], Json("5433"));
  EXPECT_EQ(config["number"], Json(5433));
  EXPECT_THAT(file->source->from_environment,
              ElementsAre("/nested/0/a", "/password", "/plain", "/port", "/url"));
}

TEST(ConnectionFile, NamesMissingVariables) {
  EXPECT_EQ(ErrorOf("prefix: \"${NOT_SET}\""),
            "dir/shop.yaml:4:1: the environment variable NOT_SET is not set; export it and run "
            "again");
  EXPECT_THAT(ErrorOf("prefix: \"${env:STREAM_NAME}\""), HasSubstr("STREAM_NAME is not set"));
  EXPECT_THAT(ErrorOf("prefix: \"${a b}\""), HasSubstr("${a b} is not a variable's name"));
  EXPECT_THAT(ErrorOf("prefix: \"${open\""), HasSubstr("no closing brace"));
  EXPECT_EQ(ErrorOf("# ${NOT_SET} in a comment is text"), "");
}

TEST(ConnectionFile, KnowsYamlScalars) {
  const auto file = Parse(R"(
source:
  type: x
  config: {a: yes, b: true, c: null, d: ~, e: 1.5, f: 0x1F, g: "1", h: 1e3, i: .5, j: 1.2.3,
           k: 99999999999999999999, l: 2024-01-01, m: -7, n: '', o: 02:00}
)");
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  EXPECT_EQ(
      file->source->config->dump(),
      R"({"a":"yes","b":true,"c":null,"d":null,"e":1.5,"f":31,"g":"1","h":1000.0,"i":0.5,)"
      R"("j":"1.2.3","k":"99999999999999999999","l":"2024-01-01","m":-7,"n":"","o":"02:00"})");
}

}  // namespace
}  // namespace millrace
