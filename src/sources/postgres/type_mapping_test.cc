#include "sources/postgres/type_mapping.h"

#include <arrow/type.h>
#include <gtest/gtest.h>

namespace millrace {
namespace {

constexpr uint32_t kNumeric = 1700;

int32_t Modifier(int precision, int scale) { return ((precision << 16) | (scale & 0x7FF)) + 4; }

std::string ArrowOf(uint32_t oid, int32_t modifier = -1, const PgTypes& types = {}) {
  return MapType({oid, modifier, "x", false}, types).arrow->ToString();
}

TEST(TypeMapping, NumericsByTheirDigits) {
  EXPECT_EQ(ArrowOf(kNumeric, Modifier(18, 0)), "int64");
  EXPECT_EQ(ArrowOf(kNumeric, Modifier(19, 0)), "decimal128(19, 0)");
  EXPECT_EQ(ArrowOf(kNumeric, Modifier(15, 2)), "decimal128(15, 2)");
  EXPECT_EQ(ArrowOf(kNumeric, Modifier(38, 38)), "decimal128(38, 38)");
  EXPECT_EQ(ArrowOf(kNumeric, Modifier(39, 0)), "decimal256(39, 0)");
  EXPECT_EQ(ArrowOf(kNumeric, Modifier(76, 10)), "decimal256(76, 10)");
  EXPECT_EQ(MapType({kNumeric, Modifier(77, 0), "", false}, {}).kind, WireKind::kNumericText);
  EXPECT_EQ(MapType({kNumeric, -1, "numeric", false}, {}).kind, WireKind::kNumericText);
  // PostgreSQL 15 has scales below zero and above the precision.
  EXPECT_EQ(ArrowOf(kNumeric, Modifier(2, -3)), "int64");
  EXPECT_EQ(MapType({kNumeric, Modifier(2, -3), "", false}, {}).precision, 5);
  EXPECT_EQ(ArrowOf(kNumeric, Modifier(2, 5)), "decimal128(5, 5)");
}

TEST(TypeMapping, DomainsAndArraysComeDownToTheirTypes) {
  PgTypes types;
  types[1007] = {"_int4", "pg_catalog", 'b', 0, -1, false, 23, true};
  types[kNumeric] = {"numeric", "pg_catalog", 'b', 0, -1, false, 0, false};
  types[5000] = {"cents", "public", 'd', kNumeric, Modifier(15, 2), true, 0, false};
  types[5001] = {"more_cents", "public", 'd', 5000, -1, false, 0, false};
  types[5002] = {"_cents", "public", 'b', 0, -1, false, 5000, true};
  types[5003] = {"mood", "public", 'e', 0, -1, false, 0, false};
  types[5004] = {"span", "public", 'r', 0, -1, false, 0, false};
  types[5005] = {"_span", "public", 'b', 0, -1, false, 5004, true};
  EXPECT_EQ(ArrowOf(1007, -1, types), "list<element: int64>");
  EXPECT_EQ(ArrowOf(5001, -1, types), "decimal128(15, 2)");
  EXPECT_EQ(ArrowOf(5002, -1, types), "list<element: decimal128(15, 2)>");
  EXPECT_TRUE(DomainForbidsNull(5001, types));
  EXPECT_FALSE(DomainForbidsNull(5003, types));
  EXPECT_EQ(MapType({5003, -1, "mood", false}, types).cast, "");
  EXPECT_EQ(MapType({5004, -1, "span", false}, types).cast, "::text");
  EXPECT_EQ(MapType({5005, -1, "span[]", false}, types).cast, "::text[]");
  EXPECT_EQ(MapType({1007, -1, "integer[]", true}, types).cast, kCastToJson);
  EXPECT_EQ(MapType({4999, -1, "a_row", false}, types).cast, "::text");
  EXPECT_EQ(MapType({5001, -1, "more_cents", false}, types).cursor_type, "numeric");
}

TEST(TypeMapping, CursorsHaveAnOrder) {
  EXPECT_EQ(MapType({1184, -1, "timestamp with time zone", false}, {}).cursor_type,
            "timestamp with time zone");
  EXPECT_EQ(MapType({114, -1, "json", false}, {}).cursor_type, "");
  EXPECT_EQ(MapType({16, -1, "boolean", false}, {}).cursor_type, "");
}

}  // namespace
}  // namespace millrace
