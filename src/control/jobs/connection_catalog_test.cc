#include "control/jobs/connection_catalog.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace millrace {
namespace {

Connection With(const std::string& document) {
  Connection connection;
  connection.document = Json::parse(document);
  return connection;
}

std::string Entry(const std::string& name, const std::string& name_space,
                  const std::string& config) {
  return R"({"stream": {"name": ")" + name + R"(", "namespace": ")" + name_space +
         R"(", "jsonSchema": {"properties": {"id": {}, "at": {}, "a": {}, "b": {}}}},
          "config": {"syncMode": "incremental", "destinationSyncMode": "append_dedup")" +
         config + "}}";
}

TEST(ConnectionCatalog, TakesSelectedStreamsColumnsAndNames) {
  const auto catalog = CatalogOfConnection(With(
      R"({"namespaceDefinition": "customformat", "namespaceFormat": "x_${SOURCE_NAMESPACE}",
          "prefix": "p_", "syncCatalog": {"streams": [)" +
      Entry("orders", "shop", R"(, "cursorField": ["at"], "primaryKey": [["id"]], "selected": true,
              "fieldSelectionEnabled": true, "selectedFields": [{"fieldPath": ["b"]}])") +
      "," + Entry("other", "shop", R"(, "selected": false)") + "]}}"));
  ASSERT_TRUE(catalog.ok()) << catalog.status().ToString();
  ASSERT_EQ(catalog->streams.size(), 1u);
  const ConfiguredStream& stream = catalog->streams[0];
  EXPECT_EQ(stream.descriptor(), (StreamDescriptor{"orders", "shop"}));
  EXPECT_EQ(stream.destination, (StreamDescriptor{"p_orders", "x_shop"}));
  EXPECT_EQ(stream.cursor_field, FieldPath{"at"});
  EXPECT_THAT(stream.selected_fields, testing::ElementsAre("id", "at", "b"))
      << "its key and its cursor, too";
  EXPECT_FALSE(stream.stream.json_schema->at("properties").contains("a"));
}

TEST(ConnectionCatalog, NamesWhatIsWrong) {
  const auto message = [](const std::string& document) {
    const auto catalog = CatalogOfConnection(With(document));
    return catalog.ok() ? std::string() : catalog.status().ToString();
  };
  EXPECT_THAT(message("{}"), testing::HasSubstr("no stream selected"));
  EXPECT_THAT(message(R"({"syncCatalog": {"streams": [{"stream": {"name": "s", "jsonSchema": {}},
                          "config": {"syncMode": "full_refresh",
                                     "destinationSyncMode": "soft_delete"}}]}})"),
              testing::HasSubstr("soft_delete"));
  EXPECT_THAT(message(R"({"namespaceDefinition": "destination", "syncCatalog": {"streams": [)" +
                      Entry("orders", "one", "") + "," + Entry("orders", "two", "") + "]}}"),
              testing::HasSubstr("would both land in orders"));
  EXPECT_THAT(message(R"({"syncCatalog": {"streams": 7}})"), testing::Not(testing::IsEmpty()));
}

}  // namespace
}  // namespace millrace
