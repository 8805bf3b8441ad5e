#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "destinations/postgres/column_type.h"
#include "destinations/postgres/value_limits.h"
#include "destinations/postgres/wire_digits.h"

namespace millrace {
namespace {

/// The field's 16-bit words after its length.
std::vector<int> Words(const std::string& field) {
  std::vector<int> words;
  for (size_t i = 4; i + 1 < field.size(); i += 2) {
    words.push_back(static_cast<unsigned char>(field[i]) << 8 |
                    static_cast<unsigned char>(field[i + 1]));
  }
  return words;
}

std::vector<int> Text(const std::string& canonical) {
  std::string out;
  EXPECT_TRUE(AppendNumeric(canonical, out)) << canonical;
  return Words(out);
}

std::vector<int> Unscaled(const std::string& digits, int scale) {
  std::string out;
  AppendNumeric(arrow::Decimal128::FromString(digits).ValueOrDie(), scale, out);
  return Words(out);
}

TEST(WireDigits, GroupsOfFour) {
  // groups, weight, sign, digits after the point, then the groups
  EXPECT_EQ(Text("0"), (std::vector<int>{0, 0, 0, 0}));
  EXPECT_EQ(Text("1"), (std::vector<int>{1, 0, 0, 0, 1}));
  EXPECT_EQ(Text("-12345.6"), (std::vector<int>{3, 1, 0x4000, 1, 1, 2345, 6000}));
  EXPECT_EQ(Text("10000"), (std::vector<int>{1, 1, 0, 0, 1}));
  EXPECT_EQ(Text("0.00001"), (std::vector<int>{1, 0xFFFE, 0, 5, 1000}));
  std::string out;
  EXPECT_FALSE(AppendNumeric(std::string(131'073, '9'), out));
  EXPECT_FALSE(AppendNumeric("0." + std::string(16'384, '9'), out));
  EXPECT_EQ(out, "");
}

TEST(WireDigits, DecimalsAreTheirText) {
  const std::string nines(38, '9');
  for (const std::string& digits :
       {std::string("0"), std::string("1"), std::string("-1"), std::string("123456789"),
        std::string("-99999999999999999999"), nines, "-" + nines}) {
    for (const int scale : {0, 1, 2, 3, 4, 5, 18, 37, 38}) {
      EXPECT_EQ(Unscaled(digits, scale), Text(PlainDecimal(digits, scale)))
          << digits << " scale " << scale;
    }
  }
  EXPECT_EQ(Unscaled("12", -3), Text("12000"));
}

TEST(ValueLimits, JsonThatJsonbRefuses) {
  for (const char* good : {R"({"a": "\u0041\n"})", R"("\\u0000")", R"("\ud83d\ude80")", "[1e9999]",
                           "[true, false, null]", R"({"e123456": 1})", R"(["1e99999999"])"}) {
    EXPECT_TRUE(FitsJsonb(good)) << good;
  }
  for (const char* bad : {R"("\u0000")", R"({"a\u0000": 1})", R"("\ud83d")", R"("\ude80")",
                          R"("\ud83dx")", "[1e200000]", "1E-200000"}) {
    EXPECT_FALSE(FitsJsonb(bad)) << bad;
  }
}

TEST(ColumnType, JoinsHoldBoth) {
  const auto join = [](const char* have, const char* want) {
    return JoinTypes(TableColumnType::Parse(have), TableColumnType::Parse(want)).text;
  };
  const std::vector<std::vector<const char*>> cases = {
      {"integer", "bigint", "bigint"},
      {"bigint", "numeric(5,2)", "numeric(21,2)"},
      {"numeric(30,2)", "bigint", "numeric(30,2)"},
      {"numeric(10,2)", "numeric(8,4)", "numeric(12,4)"},
      {"numeric", "numeric(8,4)", "numeric"},
      {"numeric(8,4)", "double precision", "numeric"},
      {"double precision", "bigint", "numeric"},
      {"real", "double precision", "double precision"},
      {"date", "timestamp with time zone", "timestamp with time zone"},
      {"timestamp with time zone", "date", "timestamp with time zone"},
      {"bigint", "character varying", "character varying"},
      {"text", "bigint", "character varying"},
      {"character varying(10)", "character varying", "character varying"},
      {"jsonb", "bigint", "character varying"},
      {"boolean", "bigint", "character varying"},
      {"uuid", "character varying", "uuid"},
  };
  for (const auto& c : cases) EXPECT_EQ(join(c[0], c[1]), c[2]) << c[0] << " and " << c[1];
}

}  // namespace
}  // namespace millrace
