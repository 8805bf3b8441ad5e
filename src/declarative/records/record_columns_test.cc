#include "declarative/records/record_columns.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "connector/json_schema.h"
#include "connector/undeclared_column.h"
#include "declarative/jinja/py_json.h"
#include "declarative/records/record_json.h"
#include "declarative/records/testing/case_rows.h"
#include "formats/json_batch_decoder.h"

namespace millrace {
namespace {

constexpr const char* kSchema = R"({"type": "object", "properties": {
  "i": {"type": ["null", "integer"]}, "n": {"type": ["null", "number"]},
  "t": {"type": ["null", "string"]}, "b": {"type": ["null", "boolean"]},
  "d": {"type": "string", "format": "date"},
  "z": {"type": "string", "format": "date-time"},
  "l": {"type": "array", "items": {"type": "integer"}},
  "o": {"type": "object", "properties": {"x": {"type": "integer"}, "y": {"type": "string"}}},
  "j": {"type": "object"}, "a": {"type": "array"}}})";

/// Each is a record; every column gets every kind of value once.
std::vector<std::string> Records() {
  const std::vector<std::string> values = {"null",
                                           "true",
                                           "false",
                                           "0",
                                           "-5",
                                           "12345678901",
                                           "1.0",
                                           "1.5",
                                           "-0.25",
                                           "1e300",
                                           "\"\"",
                                           "\"12\"",
                                           "\"1.5\"",
                                           "\"abc\"",
                                           "\"true\"",
                                           "\"2024-02-29\"",
                                           "\"2024-01-01T02:00:00+02:00\"",
                                           "\"2024-01-01T02:00:00.1234567Z\"",
                                           "\"\\u00e9\\n\"",
                                           "[]",
                                           "[1,2]",
                                           "[1,\"2\",null,\"x\"]",
                                           "[[1]]",
                                           "{}",
                                           "{\"x\":1,\"y\":\"z\"}",
                                           "{\"y\":5,\"x\":\"7\",\"q\":1}",
                                           "{\"x\":{\"y\":[]}}"};
  std::vector<std::string> records;
  for (const std::string& value : values) {
    for (const char* key : {"i", "n", "t", "b", "d", "z", "l", "o", "j", "a", "undeclared", ""}) {
      records.push_back("{\"first\":1,\"" + std::string(key) + "\":" + value + ",\"t\":\"text\"}");
      records.push_back("{\"" + std::string(key) + "\":" + value + "}");
    }
  }
  return records;
}

void ExpectSame(const ChangeBatch& ours, const ChangeBatch& theirs) {
  ASSERT_TRUE(ours.rows->Equals(*theirs.rows)) << ours.rows->ToString() << theirs.rows->ToString();
  ASSERT_EQ(ours.changes.size(), theirs.changes.size());
  for (size_t at = 0; at < ours.changes.size(); ++at) {
    EXPECT_EQ(ours.changes[at].row, theirs.changes[at].row);
    EXPECT_EQ(ours.changes[at].field, theirs.changes[at].field);
    EXPECT_EQ(ours.changes[at].change, theirs.changes[at].change);
    EXPECT_EQ(ours.changes[at].reason, theirs.changes[at].reason);
  }
}

class RecordColumnsTest : public testing::TestWithParam<bool> {};

TEST_P(RecordColumnsTest, TreatsValuesAsTheJsonDecoder) {
  SchemaPtr schema = ArrowSchemaOf(Json::parse(kSchema));
  if (GetParam()) {
    arrow::FieldVector fields = schema->fields();
    fields.push_back(
        arrow::field(std::string(kUndeclaredColumn), schema->GetFieldByName("j")->type()));
    schema = arrow::schema(std::move(fields));
  }
  auto columns = RecordColumns::Make(schema, GetParam());
  auto decoder = JsonBatchDecoder::Make(schema, GetParam());
  ASSERT_TRUE(columns.ok() && decoder.ok());
  for (int batch = 0; batch < 2; ++batch) {
    for (const std::string& text : Records()) {
      const Result<PyValue> record = ParsePyJson(text);
      ASSERT_TRUE(record.ok()) << text;
      // What JSON text says in two ways has one value: the decoder gets the one that is printed.
      std::string printed;
      AppendRecordJson(*record, &printed);
      // Values and text may come in any order.
      printed.append(16, '\0');
      const std::string_view raw = std::string_view(printed).substr(0, printed.size() - 16);
      const bool as_text = (*columns)->rows() % 3 == 1;
      ASSERT_TRUE((as_text ? (*columns)->AppendRaw(raw) : (*columns)->Append(*record)).ok())
          << text;
      printed.resize(raw.size());
      ASSERT_TRUE((*decoder)->Append(printed).ok()) << text;
    }
    EXPECT_EQ((*columns)->rows(), (*decoder)->rows());
    EXPECT_EQ((*columns)->undeclared_values(), (*decoder)->undeclared_values());
    EXPECT_GT((*columns)->bytes(), 0);
    const auto ours = (*columns)->Finish(), theirs = (*decoder)->Finish();
    ASSERT_TRUE(ours.ok() && theirs.ok());
    ExpectSame(*ours, *theirs);
  }
}

INSTANTIATE_TEST_SUITE_P(Keeping, RecordColumnsTest, testing::Bool());

TEST(RecordColumns, RefusesWhatIsNoRecord) {
  auto columns = RecordColumns::Make(ArrowSchemaOf(Json::parse(kSchema)));
  ASSERT_TRUE(columns.ok());
  EXPECT_FALSE((*columns)->Append(PyValue("text")).ok());
  EXPECT_EQ((*columns)->rows(), 0);
}

TEST(RecordColumns, TakesTextThatUtf8CannotHold) {
  auto columns = RecordColumns::Make(ArrowSchemaOf(Json::parse(kSchema)));
  ASSERT_TRUE(columns.ok());
  const std::string text = R"({"t":"\ud800","j":{"k":"\ud800"},"\ud800":1})";
  const Result<PyValue> record = ParsePyJson(text);
  ASSERT_TRUE(record.ok());
  ASSERT_TRUE((*columns)->Append(*record).ok());
  std::string padded = text + std::string(16, '\0');
  ASSERT_TRUE((*columns)->AppendRaw(std::string_view(padded).substr(0, text.size())).ok());
  const auto batch = (*columns)->Finish();
  ASSERT_TRUE(batch.ok());
  EXPECT_TRUE(batch->rows->ValidateFull().ok()) << batch->rows->ToString();
  ASSERT_EQ(batch->changes.size(), 2);
  for (const FieldChange& change : batch->changes) {
    EXPECT_EQ(change.field, "t");
    EXPECT_EQ(change.reason, "SOURCE_SERIALIZATION_ERROR");
  }
}

TEST(RecordLines, AreTheCdks) {
  for (const PyValue& row : CaseRows("line_cases.jsonl")) {
    const Result<PyValue> data = ParsePyJson(row.Find("record")->str(), PyJsonDialect::kPython);
    ASSERT_TRUE(data.ok());
    const auto line = [&]() -> Result<std::string> {
      std::string text;
      MR_RETURN_IF_ERROR(AppendRecordLine("s\xC3\xA9", {*data, PyValue()}, 5, &text));
      EXPECT_TRUE(text.ends_with('\n'));
      text.pop_back();
      return text;
    };
    EXPECT_EQ(Mismatch(row, line()), "");
  }
  std::string text = "before";
  EXPECT_FALSE(
      AppendRecordLine("s", {PyValue(PyDict{{"b", PyValue::Bytes("x")}}), {}}, 5, &text).ok());
  EXPECT_EQ(text, "before");
}

}  // namespace
}  // namespace millrace
