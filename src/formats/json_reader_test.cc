#include "formats/json_reader.h"

#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include "connector/number_type.h"
#include "formats/testing/batch_text.h"
#include "formats/testing/memory_reader.h"

namespace millrace {
namespace {

using Layout = JsonDocuments::Layout;

struct JsonResult {
  Status status;
  std::string schema, rows;
  size_t changes = 0;
};

JsonResult ReadJson(const std::string& text, Layout layout = Layout::kText,
                    int64_t chunk = 1 << 30) {
  JsonResult result;
  MemoryReader first(text, chunk), second(text, chunk);
  const auto survey = SurveyJson(first, layout, 1, -1, {});
  if (!survey.ok()) return {survey.status(), "", "", 0};
  const auto reader = JsonReader::Make(second, layout, survey->inference.Schema(), 1);
  result.schema = SchemaText(*survey->inference.Schema());
  for (;;) {
    const auto batch = (*reader)->Next();
    if (!batch.ok()) return {batch.status(), result.schema, result.rows, 0};
    if (batch->rows == nullptr) return result;
    EXPECT_TRUE(batch->rows->ValidateFull().ok());
    result.rows += BatchText(*batch->rows);
    result.changes += batch->changes.size();
  }
}

TEST(JsonReader, InfersOverTheWholeFile) {
  const JsonResult result = ReadJson(
      "{\"i\":1,\"n\":1,\"s\":1,\"b\":true,\"l\":[1,2],\"o\":{\"x\":1},\"m\":1,\"e\":[],\"u\":null}"
      "\n"
      "{\"i\":-5,\"n\":2.50,\"s\":\"a\",\"b\":null,\"l\":[null,3],\"o\":{},\"m\":{\"y\":[]},"
      "\"late\":true}\n",
      Layout::kLines);
  EXPECT_EQ(result.schema,
            "i:int64 n:number s:string b:bool l:list<item: int64> o:json m:json e:json u:string "
            "late:bool");
  EXPECT_EQ(result.rows,
            "1|1|1|true|[1,2]|{\"x\":1}|1|[]|∅|∅\n"
            "-5|2.5|a|∅|[∅,3]|{}|{\"y\":[]}|∅|∅|true\n");
}

TEST(JsonReader, TakesArraysOneObjectAndSequences) {
  const std::string expected = "1|∅\n∅|x\n";
  for (const std::string text : {"[{\"a\":1},{\"b\":\"x\"}]", " [ {\"a\":1} ,\n {\"b\":\"x\"} ]\n ",
                                 "{\"a\":1}{\"b\":\"x\"}", "{\"a\":1}\n{\n\"b\":\"x\"}\n"}) {
    for (const int64_t chunk : {int64_t{1}, int64_t{7}, int64_t{1 << 30}}) {
      const JsonResult result = ReadJson(text, Layout::kText, chunk);
      ASSERT_TRUE(result.status.ok()) << result.status.ToString() << text;
      EXPECT_EQ(result.rows, expected) << text;
    }
  }
  EXPECT_EQ(ReadJson("[]").rows, "");
  EXPECT_EQ(ReadJson("\n\r\n{\"a\":1}\r\n\n", Layout::kLines).rows, "1\n");
}

TEST(JsonReader, KeepsOddValues) {
  EXPECT_EQ(ReadJson(R"({"a":1e400})").rows, "1" + std::string(400, '0') + "\n");
  EXPECT_EQ(ReadJson(R"({"a":9223372036854775808})").schema, "a:number");
  EXPECT_EQ(ReadJson(R"({"a":-9223372036854775808})").schema, "a:int64");
  EXPECT_EQ(ReadJson(R"({"a":1,"a":2})").rows, "2\n");
  EXPECT_EQ(ReadJson(R"({"a":[1,2],"a":[3]})").rows, "[3]\n");
  EXPECT_EQ(ReadJson(R"({"a\u0062":"x\n\u00e9\ud83d\ude00\u0000"})").schema, "ab:string");
  EXPECT_EQ(ReadJson(R"({"a":"x\n\u00e9\ud83d\ude00\u0000"})").rows,
            std::string("x\n\xC3\xA9\xF0\x9F\x98\x80\0\n", 10));
  const JsonResult lone = ReadJson(R"({"a":"\ud83d"})");
  EXPECT_EQ(lone.rows, "∅\n");
  EXPECT_EQ(lone.changes, 1U);
  const std::string deep = std::string(400, '[') + std::string(400, ']');
  EXPECT_EQ(ReadJson("{\"a\":" + deep + "}").rows, deep + "\n");
}

TEST(JsonReader, RefusesWhatIsNoJson) {
  for (const char* const bad : {"{\"a\":1,}",
                                "{\"a\":01}",
                                "{\"a\":+1}",
                                "{\"a\":1.}",
                                "{\"a\":.5}",
                                "{\"a\":tru}",
                                "{\"a\":nul}",
                                "{\"a\":NaN}",
                                "{a:1}",
                                "{\"a\" 1}",
                                "{\"a\":\"x\ty\"}",
                                "{\"a\":\"\\x\"}",
                                "{\"a\":\"\\u12g4\"}",
                                "{\"a\":[1,]}",
                                "{\"a\":[1 2]}",
                                "{\"a\":1} x",
                                "[1]",
                                "12",
                                "\"x\"",
                                "{\"a\":1e}",
                                "{\"a\":-}",
                                "{\"a\":{\"b\":[}}",
                                "{\"a\":1}}",
                                "{",
                                "{\"a\":\"x",
                                "[{\"a\":1}",
                                "[{\"a\":1} {\"a\":2}]",
                                "[{\"a\":1}] x",
                                "{\"\\ud800\":1}"}) {
    const JsonResult result = ReadJson(bad);
    ASSERT_TRUE(result.status.failed()) << bad;
    EXPECT_EQ(result.status.error().type, FailureType::kConfigError);
  }
  EXPECT_TRUE(
      ReadJson("{\"a\":" + std::string(600, '[') + std::string(600, ']') + "}").status.failed());
}

TEST(JsonReader, NamesTheLine) {
  const JsonResult lines = ReadJson("{\"a\":1}\n\n{\"a\":1,}\n", Layout::kLines);
  EXPECT_EQ(lines.status.error().message,
            "line 3: malformed JSON: a key in quotes is expected (byte 8 of the value)");
  const JsonResult text = ReadJson("[{\"a\":1},\n{\"a\":1},\n{\"a\":}]");
  EXPECT_EQ(text.status.error().message.substr(0, 40), "line 3, record 3: malformed JSON: a valu");
}

/// What becomes of a JSON value in a column of the type.
std::string Coerced(const std::shared_ptr<arrow::DataType>& type, const std::string& value) {
  const auto decoder = JsonBatchDecoder::Make(arrow::schema({arrow::field("f", type)}));
  EXPECT_TRUE((*decoder)->Append("{\"f\":" + value + "}").ok()) << value;
  const auto batch = (*decoder)->Finish();
  EXPECT_TRUE(batch->rows->ValidateFull().ok());
  std::string text = ValueText(*batch->rows->column(0), 0);
  for (const FieldChange& change : batch->changes)
    text += " " + change.change + " " + change.reason;
  return text;
}

TEST(JsonCoercion, FollowsTheTable) {
  const std::string wrong = "∅ NULLED DESTINATION_SERIALIZATION_ERROR";
  const std::string large = "∅ NULLED DESTINATION_FIELD_SIZE_LIMITATION";
  const auto local = arrow::timestamp(arrow::TimeUnit::MICRO);
  const auto zoned = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  const struct {
    std::shared_ptr<arrow::DataType> type;
    std::string value, expected;
  } cases[] = {
      {arrow::int64(), "12", "12"},
      {arrow::int64(), "12.0", "12"},
      {arrow::int64(), "1e3", "1000"},
      {arrow::int64(), "\"12\"", "12"},
      {arrow::int64(), "\"abc\"", wrong},
      {arrow::int64(), "1.5", wrong},
      {arrow::int64(), "true", wrong},
      {arrow::int64(), "9223372036854775808", large},
      {arrow::int64(), "[1]", wrong},
      {number(), "1.50", "1.5"},
      {number(), "\"1e2\"", "100"},
      {number(), "\"x\"", wrong},
      {number(), "1e99999", large},
      {arrow::float64(), "0.5", "0.5"},
      {arrow::float64(), "1e400", large},
      {arrow::utf8(), "12.50", "12.50"},
      {arrow::utf8(), "true", "true"},
      {arrow::utf8(), "{\"a\": 1}", "{\"a\": 1}"},
      {arrow::utf8(), "[1,2]", "[1,2]"},
      {arrow::boolean(), "true", "true"},
      {arrow::boolean(), "\"false\"", "false"},
      {arrow::boolean(), "1", wrong},
      {arrow::date32(), "\"2024-02-29\"", "2024-02-29"},
      {arrow::date32(), "\"2024-02-30\"", wrong},
      {arrow::date32(), "20240229", wrong},
      {zoned, "\"2024-01-01T02:00:00+02:00\"", "2024-01-01 00:00:00.000000Z"},
      {zoned, "\"2024-01-01 00:00\"", "2024-01-01 00:00:00.000000Z"},
      {zoned, "\"2024-01-01T00:00:00.123456789Z\"",
       "2024-01-01 00:00:00.123456Z TRUNCATED DESTINATION_FIELD_SIZE_LIMITATION"},
      {zoned, "\"2024-01-01\"", "2024-01-01 00:00:00.000000Z"},
      {zoned, "\"yesterday\"", wrong},
      {local, "\"2024-01-01T02:00:00+02:00\"", "2024-01-01 02:00:00.000000"},
      {arrow::time64(arrow::TimeUnit::MICRO), "\"10:20:30.5\"", "10:20:30.500000"},
      {arrow::time64(arrow::TimeUnit::MICRO), "\"25:00:00\"", wrong},
      {arrow::binary(), "\"aGk=\"", "hi"},
      {arrow::binary(), "\"?\"", wrong},
      {json_text(), "\"x\"", "\"x\""},
      {json_text(), "{\"a\":1}", "{\"a\":1}"},
      {arrow::list(arrow::int64()), "[1,\"2\",\"x\"]",
       "[1,2,∅] NULLED DESTINATION_SERIALIZATION_ERROR"},
      {arrow::list(arrow::int64()), "1", wrong},
      {arrow::struct_({arrow::field("a", arrow::int64()), arrow::field("b", arrow::utf8())}),
       "{\"b\":\"x\",\"c\":1}", "{∅,x}"},
      {arrow::struct_({arrow::field("a", arrow::int64())}), "\"x\"", wrong},
      {arrow::int64(), "null", "∅"},
  };
  for (const auto& each : cases) {
    EXPECT_EQ(Coerced(each.type, each.value), each.expected)
        << each.type->ToString() << " " << each.value;
  }
}

TEST(JsonBatchDecoder, TakesBackABadRowAndGoesOn) {
  const auto schema = arrow::schema({arrow::field("a", arrow::int64()),
                                     arrow::field("l", arrow::list(arrow::int64())),
                                     arrow::field("s", arrow::utf8())});
  const auto decoder = JsonBatchDecoder::Make(schema);
  EXPECT_TRUE((*decoder)->Append(R"({"a":1,"l":[1],"s":"x"})").ok());
  EXPECT_FALSE((*decoder)->Append(R"({"a":"bad","l":[2,3],"s":})").ok());
  EXPECT_FALSE((*decoder)->Append(R"({"l":[2,)").ok());
  EXPECT_TRUE((*decoder)->Append(R"({"s":"y","more":[1]})").ok());
  EXPECT_EQ((*decoder)->undeclared_values(), 1);
  auto batch = (*decoder)->Finish();
  EXPECT_EQ(BatchText(*batch->rows), "1|[1]|x\n∅|∅|y\n");
  EXPECT_TRUE(batch->changes.empty());
  EXPECT_TRUE(batch->rows->ValidateFull().ok());
  EXPECT_TRUE((*decoder)->Append(R"({"a":7})").ok());
  batch = (*decoder)->Finish();
  EXPECT_EQ(BatchText(*batch->rows), "7|∅|∅\n");
}

}  // namespace
}  // namespace millrace
