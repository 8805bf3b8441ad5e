#include "control/schema/catalog_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "control/schema/catalog_propagation.h"
#include "control/schema/sync_catalog.h"

namespace millrace {
namespace {

using testing::ElementsAre;

/// What a source offers: streams with their columns, each with the key and cursor "id" and "at"
/// when it has them.
Json Offered(const std::map<std::string, std::vector<std::string>>& streams) {
  Json catalog{{"streams", Json::array()}};
  for (const auto& [name, columns] : streams) {
    Json stream{{"name", name},
                {"supported_sync_modes", {"full_refresh", "incremental"}},
                {"json_schema", {{"properties", Json::object()}}}};
    for (const std::string& column : columns) {
      stream["json_schema"]["properties"][column] = {{"type", "string"}};
      if (column == "id") stream["source_defined_primary_key"] = {{"id"}};
      if (column == "at") stream["default_cursor_field"] = {"at"};
    }
    catalog["streams"].push_back(std::move(stream));
  }
  return *SyncCatalogOf(catalog);
}

Json With(Json catalog, const Json& config) {
  for (Json& entry : catalog["streams"]) entry["config"].update(config);
  return catalog;
}
const Json kDedup = {{"syncMode", "incremental"}, {"destinationSyncMode", "append_dedup"}};

/// "add_stream b; update_stream a: add_field c!" (! is breaking)
std::string Text(const Json& diff) {
  std::string text;
  for (const Json& transform : diff["transforms"]) {
    text += (text.empty() ? "" : "; ") + transform["transformType"].get<std::string>() + " " +
            transform["streamDescriptor"]["name"].get<std::string>();
    const Json& update = FieldOf(transform, "updateStream");
    for (const char* list : {"fieldTransforms", "streamAttributeTransforms"}) {
      for (const Json& change : FieldOf(update, list)) {
        text += ": " + change["transformType"].get<std::string>();
        for (const Json& part : FieldOf(change, "fieldName")) {
          text += " " + part.get<std::string>();
        }
        if (change["breaking"] == true) text += "!";
      }
    }
  }
  return text;
}

TEST(CatalogDiff, SeesStreamsAndColumns) {
  const Json old = Offered({{"a", {"id", "x"}}, {"gone", {"x"}}});
  const Json now = Offered({{"a", {"id", "y"}}, {"new", {"x"}}, {"old", {"x"}}});
  const Json diff = DiffCatalogs(old, now, {{"old", std::nullopt}});
  EXPECT_EQ(Text(diff),
            "add_stream new; update_stream a: add_field y: remove_field x; remove_stream gone");
  EXPECT_FALSE(IsBreakingDiff(diff));
  EXPECT_TRUE(IsEmptyDiff(DiffCatalogs(old, old, {})));
  EXPECT_EQ(diff["transforms"][1]["updateStream"]["fieldTransforms"][0],
            Json::parse(R"({"transformType": "add_field", "fieldName": ["y"], "breaking": false,
                            "addField": {"schema": {"type": "string"}}})"));
}

TEST(CatalogDiff, WhatASyncNeedsBreaksItWhenItGoes) {
  const Json old = Offered({{"a", {"id", "at", "x"}}});
  const Json now = Offered({{"a", {"x"}}});
  EXPECT_TRUE(IsBreakingDiff(DiffCatalogs(With(old, kDedup), now, {})));
  const Json cursor_gone = Offered({{"a", {"id", "x"}}});
  const Json append = {{"syncMode", "incremental"}, {"destinationSyncMode", "append"}};
  EXPECT_EQ(Text(DiffCatalogs(With(old, append), cursor_gone, {})),
            "update_stream a: remove_field at!");
  EXPECT_FALSE(
      IsBreakingDiff(DiffCatalogs(With(With(old, append), {{"selected", false}}), cursor_gone, {})))
      << "it isn't selected";
  EXPECT_FALSE(IsBreakingDiff(DiffCatalogs(With(old, {{"primaryKey", Json::array()}}), now, {})))
      << "a full refresh that appends needs neither";
}

TEST(CatalogDiff, AnotherKeyBreaksDeduplication) {
  Json now = Offered({{"a", {"id", "at"}}});
  const Json old = now;
  now["streams"][0]["stream"]["sourceDefinedPrimaryKey"] = {{"at"}};
  EXPECT_EQ(Text(DiffCatalogs(With(old, kDedup), now, {})), "update_stream a: update_primary_key!");
  EXPECT_EQ(Text(DiffCatalogs(old, now, {})), "update_stream a: update_primary_key");
  EXPECT_FALSE(
      IsBreakingDiff(DiffCatalogs(With(With(old, kDedup), {{"primaryKey", {{"at"}}}}), now, {})))
      << "it is the key that was chosen";
}

TEST(CatalogDiff, NestedColumnsAndTypes) {
  const auto with_schema = [](const char* schema) {
    Json catalog = Offered({{"a", {}}});
    catalog["streams"][0]["stream"]["jsonSchema"] = Json::parse(schema);
    return catalog;
  };
  const Json old = with_schema(R"({"properties": {"o": {"type": "object", "properties":
      {"x": {"type": "string"}, "y": {"type": "string"}}}, "n": {"type": "integer"}}})");
  const Json now = with_schema(R"({"properties": {"o": {"type": "object", "properties":
      {"x": {"type": "string"}, "z": {"type": "object", "properties": {"w": {}}}}},
      "n": {"type": "number", "description": "new words"}}})");
  EXPECT_EQ(Text(DiffCatalogs(old, now, {})),
            "update_stream a: add_field o z: update_field_schema n: remove_field o y");
}

TEST(CatalogPropagation, ColumnsOnlyOrStreamsToo) {
  const Json old = With(Offered({{"a", {"id", "at", "x"}}, {"gone", {"x"}}}), kDedup);
  const Json now = Offered({{"a", {"id", "at", "y"}}, {"b", {"id", "at"}}, {"c", {"z"}}});
  const Json diff = DiffCatalogs(old, now, {});
  const Propagation columns = PropagateChanges(old, now, diff, false, {});
  EXPECT_EQ(Text(*columns.applied), "update_stream a: add_field y: remove_field x");
  EXPECT_EQ(Text(DiffCatalogs(*columns.catalog, now, {})),
            "add_stream b; add_stream c; remove_stream gone");
  EXPECT_THAT(columns.gained_columns, ElementsAre(StreamDescriptor{"a", std::nullopt}));
  EXPECT_EQ(FindEntry(*columns.catalog, {"a", std::nullopt})->at("config"),
            FindEntry(old, {"a", std::nullopt})->at("config"));

  const Propagation all = PropagateChanges(old, now, diff, true, {"overwrite", "append_dedup"});
  EXPECT_TRUE(IsEmptyDiff(DiffCatalogs(*all.catalog, now, {})));
  const Json& b = FindEntry(*all.catalog, {"b", std::nullopt})->at("config");
  EXPECT_EQ(b["syncMode"], "incremental");
  EXPECT_EQ(b["destinationSyncMode"], "append_dedup");
  EXPECT_EQ(b["selected"], true);
  EXPECT_EQ(FindEntry(*all.catalog, {"c", std::nullopt})->at("config")["syncMode"], "full_refresh");
}

TEST(CatalogPropagation, ASelectionOfColumnsFollows) {
  const Json old = With(Offered({{"a", {"id", "x", "left_out"}}}),
                        {{"fieldSelectionEnabled", true},
                         {"selectedFields", {{{"fieldPath", {"id"}}}, {{"fieldPath", {"x"}}}}}});
  const Json now = Offered({{"a", {"id", "y", "left_out"}}});
  const Propagation result = PropagateChanges(old, now, DiffCatalogs(old, now, {}), false, {});
  EXPECT_EQ((*result.catalog)["streams"][0]["config"]["selectedFields"],
            Json::parse(R"([{"fieldPath": ["id"]}, {"fieldPath": ["y"]}])"));
  EXPECT_TRUE(result.gained_columns.empty()) << "a full refresh reads all rows anyway";
}

TEST(CatalogPropagation, WhatIsNewIsOfferedUnselected) {
  const Json merged = MergeOffered(With(Offered({{"a", {"id"}}}), kDedup),
                                   Offered({{"a", {"id", "y"}}, {"b", {"id"}}}));
  EXPECT_EQ(merged["streams"][0]["config"]["destinationSyncMode"], "append_dedup");
  EXPECT_EQ(ColumnsOf(merged["streams"][0]["stream"]["jsonSchema"]).size(), 2u);
  EXPECT_TRUE(IsSelected(merged["streams"][0]));
  EXPECT_FALSE(IsSelected(merged["streams"][1]));
}

}  // namespace
}  // namespace millrace
