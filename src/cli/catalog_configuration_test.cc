#include "cli/catalog_configuration.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace millrace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Stream Offered(const std::string& name, std::optional<std::string> name_space) {
  Stream stream;
  stream.descriptor = {name, std::move(name_space)};
  stream.json_schema =
      Json::parse(R"({"type": "object", "properties": {"id": {}, "name": {}, "updated_at": {}}})");
  stream.supported_sync_modes = {SyncMode::kFullRefresh, SyncMode::kIncremental};
  stream.source_defined_primary_key = {{"id"}};
  return stream;
}

Catalog Discovered() {
  Catalog catalog;
  catalog.streams = {Offered("orders", "public"), Offered("orders", "sales"),
                     Offered("users", "public")};
  return catalog;
}

ConnectionFile File(std::string_view yaml) {
  const Environment none = [](const std::string&) { return std::optional<std::string>(); };
  auto file = ParseConnectionFile("name: c\n" + std::string(yaml), "c.yaml", none);
  EXPECT_TRUE(file.ok()) << file.status().ToString();
  return *std::move(file);
}

Result<ConfiguredCatalog> Configured(std::string_view yaml, std::vector<std::string> only = {}) {
  return ConfigureCatalog(File(yaml), Discovered(), only);
}

std::string ErrorOf(std::string_view yaml, std::vector<std::string> only = {}) {
  const auto catalog = Configured(yaml, std::move(only));
  return catalog.ok() ? "" : catalog.status().ToString();
}

TEST(CatalogConfiguration, TakesEverythingWhenNothingIsNamed) {
  const auto catalog = Configured("");
  ASSERT_TRUE(catalog.ok()) << catalog.status().ToString();
  ASSERT_EQ(catalog->streams.size(), 3u);
  for (const ConfiguredStream& stream : catalog->streams) {
    EXPECT_EQ(stream.sync_mode, SyncMode::kFullRefresh);
    EXPECT_EQ(stream.destination_sync_mode, DestinationSyncMode::kOverwrite);
    EXPECT_EQ(stream.destination, stream.descriptor());
    EXPECT_THAT(stream.primary_key, ElementsAre(ElementsAre("id")));
  }
}

TEST(CatalogConfiguration, AppliesTheDestinationsNames) {
  auto catalog =
      Configured("destination_namespace: \"prod_${SOURCE_NAMESPACE}_x\"\nprefix: raw_\n");
  ASSERT_TRUE(catalog.ok());
  EXPECT_EQ(catalog->streams[1].destination.ToString(), "prod_sales_x.raw_orders");
  EXPECT_EQ(catalog->streams[1].descriptor().ToString(), "sales.orders");
  catalog = Configured("destination_namespace: destination\nstreams: [users]\n");
  ASSERT_TRUE(catalog.ok());
  EXPECT_EQ(catalog->streams[0].destination.ToString(), "users");
  EXPECT_THAT(ErrorOf("destination_namespace: destination"),
              HasSubstr("public.orders and sales.orders would both land in orders"));
}

TEST(CatalogConfiguration, FindsStreamsAndNamesNearOnes) {
  EXPECT_EQ(ErrorOf("streams: [users]"), "");
  EXPECT_THAT(ErrorOf("streams: [orders]"),
              HasSubstr("exists in 2 namespaces: public, sales; add namespace: public"));
  EXPECT_EQ(ErrorOf("streams: [{name: orders, namespace: sales}]"), "");
  EXPECT_THAT(ErrorOf("streams: [user]"), HasSubstr("did you mean users?"));
  EXPECT_THAT(ErrorOf("streams: [xyzzyxyzzy]"), HasSubstr("millrace discover"));
  EXPECT_THAT(ConfigureCatalog(File(""), Catalog(), {}).status().ToString(),
              HasSubstr("offers no stream"));
}

TEST(CatalogConfiguration, KeepsOnlyWhatTheCommandLineNames) {
  auto catalog = Configured("", {"public.orders", "users"});
  ASSERT_TRUE(catalog.ok());
  ASSERT_EQ(catalog->streams.size(), 2u);
  EXPECT_EQ(catalog->streams[0].descriptor().ToString(), "public.orders");
  EXPECT_THAT(ErrorOf("", {"userz"}), HasSubstr("--stream userz: the connection has no such"));
  EXPECT_THAT(ErrorOf("streams: [users]", {"orders"}), HasSubstr("--stream orders"));
}

TEST(CatalogConfiguration, NeedsACursorForIncremental) {
  const std::string users = "streams: [{name: users, sync_mode: incremental_append";
  EXPECT_THAT(ErrorOf(users + "}]"),
              HasSubstr("stream public.users: the source defines no cursor; add cursor_field"));
  EXPECT_THAT(ErrorOf(users + ", cursor_field: [updated]}]"), HasSubstr("did you mean updated_at"));
  const auto catalog = Configured(users + ", cursor_field: [updated_at]}]");
  ASSERT_TRUE(catalog.ok());
  EXPECT_THAT(catalog->streams[0].cursor_field, ElementsAre("updated_at"));
  Catalog full_refresh_only = Discovered();
  full_refresh_only.streams[2].supported_sync_modes = {SyncMode::kFullRefresh};
  EXPECT_THAT(
      ConfigureCatalog(File(users + ", cursor_field: [id]}]"), full_refresh_only, {})
          .status()
          .ToString(),
      HasSubstr("can't read it in sync_mode incremental_append; it supports: full_refresh"));
}

TEST(CatalogConfiguration, RefusesAnotherCursorThanTheSourcesOwn) {
  Catalog discovered = Discovered();
  discovered.streams[2].source_defined_cursor = true;
  discovered.streams[2].default_cursor_field = {"updated_at"};
  const auto error_of = [&](const std::string& cursor) {
    const auto catalog = ConfigureCatalog(
        File("streams: [{name: users, sync_mode: incremental_append" + cursor + "}]"), discovered,
        {});
    return catalog.ok() ? "" : catalog.status().ToString();
  };
  EXPECT_EQ(error_of(""), "");
  EXPECT_EQ(error_of(", cursor_field: [updated_at]"), "");
  for (const char* other : {"nosuch", "id"}) {
    EXPECT_THAT(error_of(std::string(", cursor_field: [") + other + "]"),
                HasSubstr(std::string("stream public.users: cursor_field names ") + other +
                          ", but the source defines the cursor (updated_at)"));
  }
}

TEST(CatalogConfiguration, SelectsColumnsInTheSourcesOrder) {
  const auto catalog = Configured("streams: [{name: users, selected_fields: [updated_at, id]}]");
  ASSERT_TRUE(catalog.ok());
  EXPECT_THAT(catalog->streams[0].selected_fields, ElementsAre("id", "updated_at"));
  EXPECT_EQ((*catalog->streams[0].stream.json_schema)["properties"].size(), 2u);
  EXPECT_THAT(Configured("streams: [users]")->streams[0].selected_fields, IsEmpty());
  EXPECT_THAT(
      ErrorOf("streams: [{name: users, selected_fields: [nam]}]"),
      HasSubstr("selected_fields names the column nam, which it doesn't have; did you mean"));
  EXPECT_THAT(ErrorOf("streams: [{name: users, sync_mode: incremental_append, cursor_field: "
                      "[updated_at], selected_fields: [id]}]"),
              HasSubstr("selected_fields leaves out updated_at"));
}

}  // namespace
}  // namespace millrace
