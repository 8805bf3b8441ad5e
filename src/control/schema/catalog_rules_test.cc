#include "control/schema/catalog_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "control/schema/sync_catalog.h"

namespace millrace {
namespace {

using testing::HasSubstr;

/// What a source offers: two streams of the schema "public".
CatalogKnowledge Known() {
  const Json offered = Json::parse(R"({"streams": [
    {"name": "orders", "namespace": "public",
     "json_schema": {"properties": {"id": {}, "at": {}, "total": {}}},
     "supported_sync_modes": ["full_refresh", "incremental"],
     "source_defined_primary_key": [["id"]]},
    {"name": "logs", "namespace": "public", "json_schema": {"properties": {"line": {}}},
     "supported_sync_modes": ["full_refresh"]}]})");
  CatalogKnowledge known;
  known.offered = *SyncCatalogOf(offered);
  known.destination_modes = {"append", "overwrite", "append_dedup"};
  return known;
}

Json Normalized(const CatalogKnowledge& known, const char* text) {
  Json catalog = Json::parse(text);
  const Status status = NormalizeSyncCatalog(known, &catalog);
  return status.ok() ? catalog : Json(status.ToString());
}

TEST(CatalogRules, FillsInWhatIsLeftOut) {
  const Json catalog = Normalized(Known(), R"({"streams": [{"stream": {"name": "orders"},
      "config": {"syncMode": "incremental", "cursorField": ["at"]}}]})");
  ASSERT_TRUE(catalog.is_object()) << catalog;
  const Json& stream = catalog["streams"][0]["stream"];
  const Json& config = catalog["streams"][0]["config"];
  EXPECT_EQ(stream["namespace"], "public") << "the only stream of that name";
  EXPECT_EQ(stream["supportedSyncModes"], Json({"full_refresh", "incremental"}));
  EXPECT_EQ(ColumnsOf(stream["jsonSchema"]).size(), 3u);
  EXPECT_EQ(config["destinationSyncMode"], "append");
  EXPECT_EQ(config["selected"], true);
  EXPECT_EQ(config["primaryKey"], Json::array());
  EXPECT_EQ(config["aliasName"], "orders");
  EXPECT_EQ(Normalized({}, "null"), Json::parse(R"({"streams": []})"));
}

TEST(CatalogRules, AStreamThatIsNotOfferedIsOnlyKept) {
  CatalogKnowledge known = Known();
  const char* const nope = R"({"streams": [{"stream": {"name": "nope"}}]})";
  EXPECT_THAT(Normalized(known, nope).dump(), HasSubstr("stream nope: its source offered no such"));
  known.had.insert({"nope", std::nullopt});
  EXPECT_TRUE(Normalized(known, nope).is_object()) << "the source may have lost it since";
  EXPECT_TRUE(Normalized(Known(), R"({"streams": [{"stream": {"name": "nope"},
      "config": {"selected": false}}]})")
                  .is_object());
}

TEST(CatalogRules, TakesAnythingSensibleOfASourceThatWasNeverAsked) {
  const Json catalog = Normalized({}, R"({"streams": [{"stream": {"name": "customers",
      "jsonSchema": {}, "supportedSyncModes": ["full_refresh"]}, "config":
      {"syncMode": "incremental", "destinationSyncMode": "append_dedup"}}]})");
  ASSERT_TRUE(catalog.is_object()) << catalog;
  EXPECT_EQ(catalog["streams"][0]["config"]["cursorField"], Json::array());
}

/// A stream `name` with that config.
std::string One(const char* name, const char* config) {
  return fmt::format(R"({{"streams": [{{"stream": {{"name": "{}"}}, "config": {}}}]}})", name,
                     config);
}

TEST(CatalogRules, NamesWhatIsWrong) {
  for (const auto& [name, config, part] :
       std::vector<std::tuple<const char*, const char*, const char*>>{
           {"orders", R"({"syncMode": "often"})", "syncMode may be"},
           {"orders", R"({"destinationSyncMode": "merge"})", "destinationSyncMode may be"},
           {"logs", R"({"syncMode": "incremental", "cursorField": ["line"]})", "can't read it"},
           {"orders", R"({"destinationSyncMode": "overwrite_dedup"})", "the destination has no"},
           {"orders", R"({"syncMode": "incremental"})", "needs a cursorField"},
           {"orders", R"({"syncMode": "incremental", "cursorField": ["when"]})",
            "none of its columns"},
           {"logs", R"({"destinationSyncMode": "append_dedup"})", "needs a primaryKey"},
           {"logs", R"({"destinationSyncMode": "append_dedup", "primaryKey": [["no"]]})",
            "none of its"},
           {"orders", R"({"syncMode": "incremental", "destinationSyncMode": "overwrite",
                          "cursorField": ["at"]})",
            "can't overwrite"},
           {"orders", R"({"fieldSelectionEnabled": true})", "at least one field"},
           {"orders",
            R"({"fieldSelectionEnabled": true, "selectedFields": [{"fieldPath": ["a", "b"]}]})",
            "must name columns"},
           {"orders",
            R"({"fieldSelectionEnabled": true, "selectedFields": [{"fieldPath": ["x"]}]})",
            "none of its columns"},
           {"orders", R"({"destinationSyncMode": "append_dedup", "fieldSelectionEnabled": true,
                          "selectedFields": [{"fieldPath": ["at"]}]})",
            "field id is its key"},
           {"orders", R"({"syncMode": "incremental", "cursorField": ["at"],
                          "fieldSelectionEnabled": true, "selectedFields": [{"fieldPath": ["id"]}]})",
            "field at is its key or cursor"},
           {"orders", R"({"mappers": [{"type": "hashing"}]})", "no mappers"},
           {"orders", R"({"selected": "yes"})", "true or false"},
           {"orders", R"({"cursorField": "at"})", "list of texts"},
           {"orders", R"({"primaryKey": ["id"]})", "list of lists"}}) {
    const Json said = Normalized(Known(), One(name, config).c_str());
    ASSERT_TRUE(said.is_string()) << config << said;
    EXPECT_THAT(said.get<std::string>(), HasSubstr(part)) << config;
    EXPECT_THAT(said.get<std::string>(), HasSubstr(name)) << config;
  }
  for (const char* bad :
       {"[]", R"({"streams": {}})", R"({"streams": [1]})", R"({"streams": [{}]})",
        R"({"streams": [{"stream": {"name": "a"}, "config": []}]})",
        R"({"streams": [{"stream": {"name": "a", "jsonSchema": 1}}]})",
        R"({"streams": [{"stream": {"name": "a"}}, {"stream": {"name": "a"}}]})"}) {
    EXPECT_TRUE(Normalized({}, bad).is_string()) << bad;
  }
}

TEST(CatalogRules, StreamsThatAreNotSelectedAreLetPass) {
  EXPECT_TRUE(
      Normalized(Known(), One("logs", R"({"selected": false, "syncMode": "incremental"})").c_str())
          .is_object());
}

}  // namespace
}  // namespace millrace
