#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "protocol/catalog.h"
#include "protocol/message.h"
#include "protocol/state.h"

namespace millrace {
namespace {

using testing::HasSubstr;

const StreamDescriptor kOrders{"orders", "public"};
const StreamDescriptor kItems{"items", "public"};

TEST(State, StreamStatesMergeOneByOne) {
  State state;
  state.Merge(StateMessage::OfStream(kOrders, {{"cursor", 1}}));
  state.Merge(StateMessage::OfStream(kItems, {{"cursor", 2}}));
  state.Merge(StateMessage::OfStream(kOrders, {{"cursor", 3}}));
  EXPECT_EQ(*state.Find(kOrders), Json({{"cursor", 3}}));
  const auto again = StateFromJson(ToJson(state));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(ToJson(*again), ToJson(state));
}

TEST(State, GlobalStateKeepsWhatItsStreamsShare) {
  State state;
  state.Merge(StateMessage::Global({{"lsn", 7}}, {{kOrders, Json{{"snapshot", true}}}}));
  const Json json = ToJson(state);
  ASSERT_EQ(json.size(), 1u);
  EXPECT_EQ(json[0]["type"], "GLOBAL");
  EXPECT_EQ(json[0]["global"]["shared_state"]["lsn"], 7);
}

TEST(State, StreamsBesideAGlobalStateStayApart) {
  const StreamDescriptor users{"users", std::nullopt};
  State state;
  state.Merge(StateMessage::OfStream(users, Json{{"page", 3}}));
  state.Merge(StateMessage::Global({{"lsn", 7}}, {{kOrders, Json{{"snapshot", true}}}}));
  const Json json = ToJson(state);
  ASSERT_EQ(json.size(), 2u);
  EXPECT_EQ(json[0]["global"]["stream_states"].size(), 1u);
  EXPECT_EQ(json[1]["type"], "STREAM");
  EXPECT_EQ(json[1]["stream"]["stream_state"]["page"], 3);
  EXPECT_EQ(ToJson(*StateFromJson(json)), json);
  state.Merge(StateMessage::Global({{"lsn", 8}}, {{users, Json{{"page", 4}}}}));
  EXPECT_EQ(ToJson(state).size(), 1u) << "the log has it now";
}

TEST(State, ReadsWhatAirbyteWrites) {
  const Json file = Json::parse(R"([{"type":"STATE","state":{"type":"STREAM","stream":
      {"stream_descriptor":{"name":"orders","namespace":"public"},"stream_state":{"cursor":"9"}}}}])");
  EXPECT_EQ(StateFromJson(file)->Find(kOrders)->at("cursor"), "9");
  EXPECT_TRUE(StateFromJson(Json::array())->empty());
  EXPECT_EQ((**StateFromJson(Json{{"cursor", 1}})->legacy())["cursor"], 1);
  EXPECT_FALSE(StateFromJson(Json(5)).ok());
  EXPECT_THAT(StateFromJson(Json::array({Json{{"type", "NEW"}}})).status().ToString(),
              HasSubstr("STREAM, GLOBAL or LEGACY"));
}

TEST(Catalog, RoundTripsAndNamesWhatIsWrong) {
  const Json json = Json::parse(R"({"streams":[{"stream":{"name":"orders","namespace":"public",
      "json_schema":{"type":"object","properties":{}},"supported_sync_modes":["incremental"]},
      "sync_mode":"incremental","destination_sync_mode":"append_dedup","cursor_field":["at"],
      "primary_key":[["id"]],"generation_id":3,"minimum_generation_id":3,"sync_id":9}]})");
  const auto catalog = ConfiguredCatalogFromJson(json);
  ASSERT_TRUE(catalog.ok()) << catalog.status().ToString();
  const ConfiguredStream& stream = catalog->streams[0];
  EXPECT_EQ(stream.destination_sync_mode, DestinationSyncMode::kAppendDedup);
  EXPECT_TRUE(stream.replaces_table());
  EXPECT_EQ(ToJson(*ConfiguredCatalogFromJson(ToJson(*catalog))), ToJson(*catalog));

  Json wrong = json;
  wrong["streams"][0]["destination_sync_mode"] = "merge";
  EXPECT_THAT(ConfiguredCatalogFromJson(wrong).status().ToString(),
              AllOf(HasSubstr("public.orders"), HasSubstr("\"merge\"")));
}

}  // namespace
}  // namespace millrace
