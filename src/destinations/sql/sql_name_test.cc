#include "destinations/sql/sql_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace {
namespace {

using testing::ElementsAre;

TEST(SqlName, IsAirbytes) {
  const std::pair<const char*, const char*> cases[] = {
      {"users", "users"},           {"Users", "Users"},   {"select", "select"},
      {"2fast", "_2fast"},          {"a b\t c", "a_b_c"}, {"a\"b'c", "a_b_c"},
      {"café Ñandú", "cafe_Nandu"}, {"e\u0301", "e"},     {"🚀 launch", "__launch"},
      {"", "default_name"},         {"日本", "__"},       {"Straße", "Stra_e"},
      {"ｆｕｌｌ", "full"},         {"a.b-c", "a_b_c"},
  };
  for (const auto& [name, expected] : cases) EXPECT_EQ(SqlName(name, 63), expected) << name;
}

TEST(SqlName, LongNamesKeepApart) {
  const std::string base(70, 'x');
  const std::string a = SqlName(base + "a", 63);
  const std::string b = SqlName(base + "b", 63);
  EXPECT_EQ(a.size(), 63U);
  EXPECT_NE(a, b);
  EXPECT_EQ(a, SqlName(base + "a", 63));
  EXPECT_EQ(a.substr(0, 55), std::string(54, 'x') + '_');
  EXPECT_EQ(SqlName(std::string(63, 'y'), 63), std::string(63, 'y'));
}

TEST(SqlName, ColumnsOfOneTableDiffer) {
  EXPECT_THAT(SqlColumnNames({"id", "Name", "name", "NAME", "na me", "na-me", "name_1"}, 63),
              ElementsAre("id", "Name", "name_1", "NAME_2", "na_me", "na_me_1", "name_1_1"));
  const std::string longest(63, 'c');
  const auto names = SqlColumnNames({longest, longest}, 63);
  EXPECT_EQ(names[1], std::string(61, 'c') + "_1");
}

TEST(SqlName, RawTablesHaveARunOfTheirOwn) {
  EXPECT_EQ(RawTableName("public", "Users"), "public_raw__stream_users");
  EXPECT_EQ(RawTableName("my__space", "u"), "my__space_raw___stream_u");
  EXPECT_EQ(RawTableName("", "u"), "_raw__stream_u");
  EXPECT_NE(DistinctSqlName("t", "a.t", 63), DistinctSqlName("t", "b.t", 63));
  EXPECT_LE(DistinctSqlName(std::string(63, 't'), "a", 63).size(), 63U);
}

}  // namespace
}  // namespace millrace
