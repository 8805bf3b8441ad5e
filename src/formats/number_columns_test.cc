#include "formats/number_columns.h"

#include <arrow/array.h>
#include <arrow/extension_type.h>
#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connector/meta_column.h"
#include "connector/number_type.h"
#include "formats/meta_changes.h"

namespace millrace {
namespace {

using testing::ElementsAre;

TEST(ExactDouble, AcceptsWhatADoubleGivesBackAsItWas) {
  double value = 0;
  for (const char* text : {"0", "-1.5", "0.1", "123456789012345", "1234567890123456",
                           "9007199254740992", "0.30000000000000004", "-0.000001"}) {
    EXPECT_TRUE(ExactDouble(text, value)) << text;
  }
  for (const char* text : {"9007199254740993", "0.1000000000000000055", "12345678901234567.1",
                           "not a number", "", "1e5x"}) {
    EXPECT_FALSE(ExactDouble(text, value)) << text;
  }
}

std::shared_ptr<arrow::RecordBatch> Numbers(const std::string& json) {
  auto texts = arrow::json::ArrayFromJSONString(arrow::utf8(), json).ValueOrDie();
  auto column = arrow::ExtensionType::WrapArray(number(), texts);
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("n", number(), false)}),
                                  column->length(), {column});
}

ConvertedNumbers Convert(const std::shared_ptr<arrow::RecordBatch>& rows, NumberFormat format,
                         const TextNumbers& text = {}) {
  auto converted = ConvertNumbers(rows, NumberSchemaOf(rows->schema(), format, text), format);
  EXPECT_TRUE(converted.ok()) << converted.status().ToString();
  return *converted;
}

TEST(NumberColumns, AutoGivesDoublesUntilOneDoesNotFit) {
  auto fits = Convert(Numbers(R"(["1.5", "2"])"), NumberFormat::kAuto);
  EXPECT_EQ(fits.rows->column(0)->type_id(), arrow::Type::DOUBLE);
  auto misfit = Convert(Numbers(R"(["1.5", "12345678901234567890.5"])"), NumberFormat::kAuto);
  EXPECT_THAT(misfit.unfit, ElementsAre("n"));
  auto text = Convert(Numbers(R"(["12345678901234567890.5"])"), NumberFormat::kAuto, {"n"});
  EXPECT_EQ(text.rows->column(0)->type_id(), arrow::Type::STRING);
  EXPECT_TRUE(text.changes.empty());
}

TEST(NumberColumns, FixedFormatsNullWhatTheyCannotHold) {
  const auto rows = Numbers(R"(["12345678901234567890.5", "0.0000000001", "-7.25"])");
  auto doubles = Convert(rows, NumberFormat::kDouble);
  EXPECT_TRUE(doubles.rows->schema()->field(0)->nullable());
  EXPECT_EQ(doubles.rows->column(0)->null_count(), 1);
  ASSERT_EQ(doubles.changes.size(), 1U);
  EXPECT_EQ(doubles.changes[0].reason, "DESTINATION_SERIALIZATION_ERROR");
  auto decimals = Convert(rows, NumberFormat::kDecimal);
  const auto& values = static_cast<const arrow::Decimal128Array&>(*decimals.rows->column(0));
  EXPECT_EQ(values.FormatValue(0), "12345678901234567890.500000000");
  EXPECT_TRUE(values.IsNull(1));
  EXPECT_EQ(values.FormatValue(2), "-7.250000000");
  ASSERT_EQ(decimals.changes.size(), 1U);
  EXPECT_EQ(decimals.changes[0].row, 1);
  EXPECT_EQ(Convert(rows, NumberFormat::kString).rows->column(0)->type_id(), arrow::Type::STRING);
}

TEST(NumberColumns, ConvertsInsideListsAndStructsAndNamesTheRow) {
  auto texts = arrow::json::ArrayFromJSONString(
                   arrow::list(arrow::utf8()),
                   R"([["5"], ["1", "2"], [], null, ["3", "12345678901234567890.5"], ["4"]])")
                   .ValueOrDie();
  auto data = texts->data()->Copy();
  data->type = arrow::list(number());
  data->child_data[0] = data->child_data[0]->Copy();
  data->child_data[0]->type = number();
  auto rows = arrow::RecordBatch::Make(arrow::schema({arrow::field("l", data->type)}), 6,
                                       {arrow::MakeArray(data)})
                  ->Slice(1);
  auto converted = Convert(rows, NumberFormat::kDouble);
  ASSERT_EQ(converted.changes.size(), 1U);
  EXPECT_EQ(converted.changes[0].row, 3);
  EXPECT_EQ(converted.changes[0].field, "l");
  EXPECT_TRUE(converted.rows->ValidateFull().ok());
}

TEST(MetaChanges, NotesUnsentValues) {
  auto meta = MakeMetaColumn(2, 9, {});
  ASSERT_TRUE(meta.ok());
  ChangeBatch batch;
  batch.rows = arrow::RecordBatch::Make(
      arrow::schema({arrow::field("a", arrow::int64(), false),
                     arrow::field(std::string(kMetaColumn), meta_type(), false)}),
      2, {arrow::json::ArrayFromJSONString(arrow::int64(), "[1, 2]").ValueOrDie(), *meta});
  batch.unchanged.columns = {
      std::static_pointer_cast<arrow::BooleanArray>(
          arrow::json::ArrayFromJSONString(arrow::boolean(), "[false, true]").ValueOrDie()),
      nullptr};
  std::vector<FieldChange> changes;
  auto rows = NullUnchanged(batch, changes);
  ASSERT_TRUE(rows.ok());
  EXPECT_TRUE((*rows)->column(0)->IsNull(1));
  EXPECT_TRUE((*rows)->column(0)->IsValid(0));
  rows = WithMetaChanges(*rows, changes);
  ASSERT_TRUE(rows.ok());
  EXPECT_THAT((*rows)->column(1)->ToString(), testing::HasSubstr("SOURCE_RETRIEVAL_ERROR"));
}

}  // namespace
}  // namespace millrace
