#include <arrow/array.h>
#include <arrow/pretty_print.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "connector/json_schema.h"
#include "connector/meta_column.h"
#include "connector/number_type.h"

namespace millrace {
namespace {

TEST(JsonSchema, GoesToArrowAndBack) {
  const auto schema = arrow::schema({
      arrow::field("id", arrow::int64()),
      arrow::field("price", number()),
      arrow::field("paid", arrow::boolean()),
      arrow::field("day", arrow::date32()),
      arrow::field("at", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
      arrow::field("local", arrow::timestamp(arrow::TimeUnit::MICRO)),
      arrow::field("clock", arrow::time64(arrow::TimeUnit::MICRO)),
      arrow::field("tags", arrow::list(arrow::utf8())),
      arrow::field("anything", json_text()),
      arrow::field("address", arrow::struct_({arrow::field("city", arrow::utf8())})),
      arrow::field("raw", arrow::binary()),
  });
  EXPECT_TRUE(ArrowSchemaOf(JsonSchemaOf(*schema))->Equals(*schema))
      << ArrowSchemaOf(JsonSchemaOf(*schema))->ToString();
  EXPECT_EQ(JsonSchemaOf(*arrow::decimal128(30, 0))["airbyte_type"], "integer");
}

TEST(MetaColumn, HoldsTheChangesOfEachRow) {
  const auto plain = *MakeMetaColumn(3, 7, {});
  const auto changed =
      *MakeMetaColumn(3, 7, {{1, "price", "NULLED", "SOURCE_SERIALIZATION_ERROR"}});
  ASSERT_TRUE(plain->ValidateFull().ok());
  ASSERT_TRUE(changed->ValidateFull().ok());
  const auto more = *AddMetaChanges(*changed, {{1, "day", "NULLED", "D"}, {2, "x", "NULLED", "D"}});
  const auto& lists =
      static_cast<const arrow::ListArray&>(*static_cast<const arrow::StructArray&>(*more).field(1));
  EXPECT_EQ(lists.value_length(0), 0);
  EXPECT_EQ(lists.value_length(1), 2);
  EXPECT_EQ(lists.value_length(2), 1);
}

}  // namespace
}  // namespace millrace
