#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <nlohmann/json.hpp>

#include "connector/number_type.h"
#include "formats/file_writer.h"
#include "formats/json_encoder.h"
#include "formats/testing/json_columns.h"
#include "formats/testing/string_sink.h"

namespace millrace {
namespace {

std::string Write(const std::shared_ptr<arrow::RecordBatch>& rows, FileFormat::Type type,
                  bool flatten, bool gzip = false) {
  FileFormat format;
  format.type = type;
  format.flatten = flatten;
  format.codec = gzip ? FileFormat::Codec::kGzip : FileFormat::Codec::kUncompressed;
  StringSink sink;
  auto writer = MakeFileWriter(format, rows->schema(), sink);
  EXPECT_TRUE(writer.ok()) << writer.status().ToString();
  EXPECT_TRUE((*writer)->Write(rows).ok());
  auto totals = (*writer)->Close();
  EXPECT_TRUE(totals.ok());
  EXPECT_EQ(totals->rows, rows->num_rows());
  EXPECT_EQ(totals->bytes, static_cast<int64_t>(sink.content().size()));
  return sink.content();
}

std::string Gunzip(const std::string& packed) {
  z_stream stream = {};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string out(1 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

std::shared_ptr<arrow::RecordBatch> EveryType() {
  return Batch({
      {"i", arrow::int64(), "[1, null]"},
      {"u", arrow::uint64(), "[18446744073709551615, null]"},
      {"b", arrow::boolean(), "[true, null]"},
      {"d", arrow::float64(), "[0.1, null]"},
      {"dec", arrow::decimal128(20, 2), R"(["12345678901234567.80", null])"},
      {"n", number(), R"(["123456789012345678901234567890.5", null])"},
      {"j", json_text(), R"(["{\"k\":[1]}", null])"},
      {"t", arrow::utf8(), R"(["a\"b\\\n\u0001ž", null])"},
      {"bin", arrow::binary(), R"(["abcd", null])"},
      {"day", arrow::date32(), "[20108, null]"},
      {"bc", arrow::date32(), "[-735160, null]"},
      {"ts", arrow::timestamp(arrow::TimeUnit::MICRO), "[1737374400000001, null]"},
      {"tz", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), "[-1, null]"},
      {"tm", arrow::time64(arrow::TimeUnit::MICRO), "[36000000000, null]"},
      {"l", arrow::list(arrow::int64()), "[[1, null], null]"},
      {"s", arrow::struct_({arrow::field("x", arrow::utf8())}), R"([{"x": "y"}, null])"},
      {"nul", arrow::null(), "[null, null]"},
  });
}

TEST(JsonEncoder, WritesEveryTypeExactly) {
  auto rows = EveryType();
  auto encoder = JsonEncoder::Make(rows->schema());
  ASSERT_TRUE(encoder.ok());
  std::string text;
  encoder->AppendRow(*rows, 0, text);
  EXPECT_EQ(text, R"({"i":1,"u":18446744073709551615,"b":true,"d":0.1,"dec":12345678901234567.80,)"
                  R"("n":123456789012345678901234567890.5,"j":{"k":[1]},"t":"a\"b\\\n\u0001ž",)"
                  R"("bin":"YWJjZA==","day":"2025-01-20","bc":"0044-03-15 BC",)"
                  R"("ts":"2025-01-20T12:00:00.000001","tz":"1969-12-31T23:59:59.999999Z",)"
                  R"("tm":"10:00:00","l":[1,null],"s":{"x":"y"},"nul":null})");
  EXPECT_FALSE(Json::parse(text, nullptr, false).is_discarded());
  text.clear();
  encoder->AppendRow(*rows, 1, text);
  const Json nulls = Json::parse(text);
  for (const auto& [key, value] : nulls.items()) EXPECT_TRUE(value.is_null()) << key;
}

TEST(JsonEncoder, WritesSlicesAndNumbersJsonHasNoWordFor) {
  auto rows = Batch({{"d", arrow::float64(), "[1, 2, NaN, Inf]"}})->Slice(1);
  auto encoder = JsonEncoder::Make(rows->schema());
  ASSERT_TRUE(encoder.ok());
  std::string text;
  for (int64_t row = 0; row < 3; ++row) encoder->AppendRow(*rows, row, text);
  EXPECT_EQ(text, R"({"d":2}{"d":null}{"d":null})");
}

std::shared_ptr<arrow::RecordBatch> WithMetadata() {
  return Batch({{"_airbyte_raw_id", arrow::utf8(), R"(["id-1"])"},
                {"_airbyte_generation_id", arrow::int64(), "[3]"},
                {"name", arrow::utf8(), R"(["Ada, \"Countess\""])"},
                {"age", arrow::int64(), "[36]"}});
}

TEST(JsonlWriter, WrapsDataUnlessFlattenedOrWithoutMetadata) {
  EXPECT_EQ(Write(WithMetadata(), FileFormat::Type::kJsonl, false),
            "{\"_airbyte_raw_id\":\"id-1\",\"_airbyte_generation_id\":3,"
            "\"_airbyte_data\":{\"name\":\"Ada, \\\"Countess\\\"\",\"age\":36}}\n");
  EXPECT_EQ(Write(WithMetadata(), FileFormat::Type::kJsonl, true),
            "{\"_airbyte_raw_id\":\"id-1\",\"_airbyte_generation_id\":3,"
            "\"name\":\"Ada, \\\"Countess\\\"\",\"age\":36}\n");
  EXPECT_EQ(Write(Batch({{"a", arrow::int64(), "[1]"}}), FileFormat::Type::kJsonl, false),
            "{\"a\":1}\n");
}

TEST(CsvWriter, QuotesWhatRfc4180AsksForAndTellsNullFromEmpty) {
  EXPECT_EQ(Write(WithMetadata(), FileFormat::Type::kCsv, true),
            "_airbyte_raw_id,_airbyte_generation_id,name,age\r\n"
            "id-1,3,\"Ada, \"\"Countess\"\"\",36\r\n");
  EXPECT_EQ(Write(WithMetadata(), FileFormat::Type::kCsv, false),
            "_airbyte_raw_id,_airbyte_generation_id,_airbyte_data\r\n"
            "id-1,3,\"{\"\"name\"\":\"\"Ada, \\\"\"Countess\\\"\"\"\",\"\"age\"\":36}\"\r\n");
  EXPECT_EQ(Write(Batch({{"a", arrow::utf8(), R"([null, "", "x\ny", " z"])"},
                         {"b", arrow::float64(), "[1.5, null, NaN, 2]"}}),
                  FileFormat::Type::kCsv, true),
            "a,b\r\n,1.5\r\n\"\",\r\n\"x\ny\",\r\n z,2\r\n");
}

TEST(CsvWriter, WritesEveryType) {
  const std::string csv = Write(EveryType(), FileFormat::Type::kCsv, true);
  EXPECT_THAT(csv, testing::HasSubstr("1,18446744073709551615,true,0.1,12345678901234567.80,"
                                      "123456789012345678901234567890.5,\"{\"\"k\"\":[1]}\","));
  EXPECT_THAT(csv, testing::HasSubstr("YWJjZA==,2025-01-20,0044-03-15 BC,"
                                      "2025-01-20T12:00:00.000001,1969-12-31T23:59:59.999999Z,"
                                      "10:00:00,\"[1,null]\",\"{\"\"x\"\":\"\"y\"\"}\",\r\n"));
  EXPECT_TRUE(csv.ends_with("\r\n,,,,,,,,,,,,,,,,\r\n"));
}

TEST(TextWriters, GzipTheWholeFile) {
  const std::string packed = Write(WithMetadata(), FileFormat::Type::kCsv, true, true);
  EXPECT_EQ(Gunzip(packed), Write(WithMetadata(), FileFormat::Type::kCsv, true));
}

TEST(TextWriters, EmptyFilesHaveAHeaderOrNothing) {
  auto none = WithMetadata()->Slice(0, 0);
  EXPECT_EQ(Write(none, FileFormat::Type::kCsv, false),
            "_airbyte_raw_id,_airbyte_generation_id,_airbyte_data\r\n");
  EXPECT_EQ(Write(none, FileFormat::Type::kJsonl, false), "");
  EXPECT_EQ(Gunzip(Write(none, FileFormat::Type::kJsonl, false, true)), "");
}

}  // namespace
}  // namespace millrace
