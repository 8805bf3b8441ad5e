#include "lake/table_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace millrace {
namespace {

FileNaming Naming(int64_t part = 0) {
  return {WallTime(std::chrono::microseconds(1737374400123456)), part, 42};  // 2025-01-20T12:00:00Z
}

std::string Key(const LayoutConfig& config, const StreamDescriptor& stream, int64_t part = 0) {
  return TableLayout(config, stream, ".parquet").KeyOf(Naming(part));
}

TEST(TableLayout, FillsInEveryPlaceholder) {
  const StreamDescriptor stream{"users", "shop"};
  const auto key = [&](const std::string& path, const std::string& file) {
    return Key({"", path, file}, stream, 7);
  };
  EXPECT_EQ(key("${NAMESPACE}/${STREAM_NAME}/${YEAR}-${MONTH}-${DAY}T${HOUR}:${MINUTE}:${SECOND}.",
                "${MILLISECOND}_${EPOCH}_{part_number}"),
            "shop/users/2025-01-20T12:00:00.0123_1737374400123_7");
  EXPECT_EQ(key("{schema}/{table}/", "{part_number}_{part_number:4}_{sync_id}{format_extension}"),
            "shop/users/7_0008_42.parquet");
  EXPECT_EQ(key("x/", "{date}_{date:yyyy_MM}_{date:yyMMdd-HHmm}_{part_number}"),
            "x/2025_01_20_2025_01_250120-1200_7");
  EXPECT_EQ(key("x/", "{timestamp}_{timestamp:millis}_{timestamp:micros}_{part_number}"),
            "x/1737374400123_1737374400123_1737374400123456_7");
  EXPECT_EQ(key("x/", "{nobody}_${KNOWS}_{part_number:x}_{part_number}_{"),
            "x/{nobody}_${KNOWS}_{part_number:x}_7_{");
  EXPECT_NE(key("x/", "${UUID}"), key("x/", "${UUID}"));
}

TEST(TableLayout, DropsAnAbsentNamespaceAndEmptyParts) {
  EXPECT_EQ(Key({"/raw//x/", "", ""}, {"users", std::nullopt}),
            "raw/x/users/2025_01_20_1737374400123_0.parquet");
  EXPECT_EQ(Key({"a/../b/.", "p/", "f"}, {"users", std::nullopt}), "a/b/p/f");
}

TEST(TableLayout, NamesAreTextNotTemplatesNorPaths) {
  EXPECT_EQ(Key({"", "${STREAM_NAME}/", "f"}, {"${YEAR}", std::nullopt}), "${YEAR}/f");
  EXPECT_EQ(Key({"", "${STREAM_NAME}/", "f"}, {"a/b\\c\n", std::nullopt}), "a_b_c_/f");
  EXPECT_EQ(Key({"", "${STREAM_NAME}/", "f"}, {"", std::nullopt}), "-/f");
  EXPECT_EQ(Key({"", "${STREAM_NAME}/", "f"}, {"日本", std::nullopt}), "日本/f");
  EXPECT_EQ(Key({"", "${STREAM_NAME}/", "f"}, {"_airbyte_internal", std::nullopt}),
            "_airbyte_internal_/f");
  const std::string longest = Key({"", "${STREAM_NAME}/", "f"}, {std::string(500, 'x'), {}});
  EXPECT_LT(longest.size(), 210U);
  EXPECT_NE(longest, Key({"", "${STREAM_NAME}/", "f"}, {std::string(501, 'x'), {}}));
}

TEST(TableLayout, PartsNeverShareAName) {
  for (const char* pattern :
       {"same.parquet", "{date}{format_extension}", "{timestamp}", "plain", "v1.{date}.csv.gz"}) {
    const LayoutConfig config{"", "p/", pattern};
    std::set<std::string> keys;
    const TableLayout layout(config, {"users", {}}, ".parquet");
    for (int64_t part = 0; part < 20; ++part) {
      const std::string key = layout.KeyOf(Naming(part));
      EXPECT_TRUE(keys.insert(key).second) << key;
      EXPECT_TRUE(layout.pattern().Matches(key)) << key;
    }
  }
}

TEST(TableLayout, KnowsItsOwnKeys) {
  const TableLayout layout({"raw", "", ""}, {"users", "shop"}, ".parquet");
  EXPECT_TRUE(layout.pattern().Matches(layout.KeyOf(Naming(12))));
  EXPECT_FALSE(layout.pattern().Matches("raw/shop/orders/2025_01_20_1737374400123_0.parquet"));
  EXPECT_FALSE(layout.pattern().Matches("raw/shop/users/2025_01_20_1737374400123_0.csv"));
  EXPECT_FALSE(layout.pattern().Matches(""));
}

TEST(TableLayout, ManifestsOfDifferentTablesAreApart) {
  std::set<std::string> folders;
  const std::vector<StreamDescriptor> streams = {
      {"a", {}},    {"a", "b"},     {"b", "a"},     {"a/b", {}}, {"a_b", {}},
      {"a\\b", {}}, {"%none", "x"}, {"a", "%none"}, {"", {}},    {"_", {}},
      {".", {}},    {"..", {}},     {"__", {}},     {"-", {}},   {"--", {}}};
  for (const StreamDescriptor& stream : streams) {
    const std::string folder = TableLayout({}, stream, "").manifest_folder();
    EXPECT_TRUE(folders.insert(folder).second) << folder;
  }
  EXPECT_EQ(InternalFolderOf({"airbyte-data/${NAMESPACE}/x", "", ""}),
            "airbyte-data/_airbyte_internal/");
  EXPECT_EQ(InternalFolderOf({"data_${NAMESPACE}", "", ""}), "_airbyte_internal/");
}

}  // namespace
}  // namespace millrace
