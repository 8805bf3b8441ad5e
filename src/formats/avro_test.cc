#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "connector/number_type.h"
#include "formats/avro_codec.h"
#include "formats/avro_json.h"
#include "formats/avro_reader.h"
#include "formats/avro_writer.h"
#include "formats/file_format.h"
#include "formats/json_encoder.h"
#include "formats/testing/json_columns.h"
#include "formats/testing/memory_reader.h"
#include "formats/testing/string_sink.h"

namespace millrace {
namespace {

void AppendLong(int64_t value, std::string& out) {
  uint64_t bits = (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
  for (; bits >= 0x80; bits >>= 7) out += static_cast<char>(bits | 0x80);
  out += static_cast<char>(bits);
}

std::string Sized(const std::string& text) {
  std::string out;
  AppendLong(static_cast<int64_t>(text.size()), out);
  return out + text;
}

const std::string kSync(16, 's');

/// A file with one block.
std::string File(const std::string& schema, int64_t rows, const std::string& block,
                 const std::string& codec = "null") {
  std::string file("Obj\x01", 4);
  AppendLong(2, file);
  file += Sized("avro.schema") + Sized(schema) + Sized("avro.codec") + Sized(codec);
  AppendLong(0, file);
  file += kSync;
  AppendLong(rows, file);
  return file + Sized(block) + kSync;
}

struct Outcome {
  Status status;
  std::string json;
  std::vector<FieldChange> changes;
  SchemaPtr schema;
};

Outcome ReadAll(const std::string& file, bool double_as_string = false,
                const std::set<std::string>& columns = {}) {
  MemoryReader bytes(file, 7);
  const auto reader = AvroReader::Open(bytes, double_as_string, columns);
  if (!reader.ok()) return {reader.status(), "", {}, nullptr};
  Outcome outcome{Status::Ok(), "", {}, (*reader)->schema()};
  while (true) {
    auto batch = (*reader)->Next();
    if (!batch.ok()) {
      outcome.status = batch.status();
      return outcome;
    }
    if (batch->rows == nullptr) return outcome;
    EXPECT_TRUE(batch->rows->ValidateFull().ok());
    const auto encoder = JsonEncoder::Make(batch->rows->schema());
    for (int64_t row = 0; row < batch->rows->num_rows(); ++row) {
      (*encoder).AppendRow(*batch->rows, row, outcome.json);
      outcome.json += '\n';
    }
    outcome.changes.insert(outcome.changes.end(), batch->changes.begin(), batch->changes.end());
  }
}

std::string Record(const std::string& fields) {
  return R"({"type":"record","name":"r","fields":[)" + fields + "]}";
}

/// The value of one field of `type` encoded as `block`, as JSON.
std::string One(const std::string& type, const std::string& block) {
  const Outcome outcome = ReadAll(File(Record(R"({"name":"a","type":)" + type + "}"), 1, block));
  if (!outcome.status.ok()) return outcome.status.ToString();
  return outcome.json.substr(5, outcome.json.size() - 7);
}

std::string Long(int64_t value) {
  std::string out;
  AppendLong(value, out);
  return out;
}

TEST(AvroReader, ReadsEveryType) {
  EXPECT_EQ(One(R"("null")", ""), "null");
  EXPECT_EQ(One(R"("boolean")", "\1"), "true");
  EXPECT_EQ(One(R"("int")", Long(-1)), "-1");
  EXPECT_EQ(One(R"("long")", Long(INT64_MIN)), "-9223372036854775808");
  EXPECT_EQ(One(R"("double")", std::string("\0\0\0\0\0\0\xf8\x3f", 8)), "1.5");
  EXPECT_EQ(One(R"("float")", std::string("\0\0\xc0\x3f", 4)), "1.5");
  EXPECT_EQ(One(R"("bytes")", Sized("ab")), "\"YWI=\"");
  EXPECT_EQ(One(R"({"type":"fixed","name":"f","size":2})", "ab"), "\"YWI=\"");
  EXPECT_EQ(One(R"("string")", Sized("é")), "\"é\"");
  EXPECT_EQ(One(R"({"type":"enum","name":"e","symbols":["X","Y"]})", Long(1)), "\"Y\"");
  EXPECT_EQ(One(R"({"type":"array","items":"int"})", Long(2) + Long(1) + Long(2) + Long(0)),
            "[1,2]");
  EXPECT_EQ(One(R"({"type":"array","items":"int"})", Long(-1) + Long(1) + Long(7) + Long(0)),
            "[7]");
  EXPECT_EQ(One(R"({"type":"map","values":["null","int"]})",
                Long(2) + Sized("k") + Long(1) + Long(5) + Sized("\"") + Long(0) + Long(0)),
            R"({"k":5,"\"":null})");
  EXPECT_EQ(One(R"({"type":"record","name":"n","fields":[{"name":"x","type":"int"},)"
                R"({"name":"y","type":{"type":"map","values":"int"}}]})",
                Long(3) + Long(0)),
            R"({"x":3,"y":{}})");
  EXPECT_EQ(One(R"(["null","string"])", Long(0)), "null");
  EXPECT_EQ(One(R"(["null","string"])", Long(1) + Sized("x")), "\"x\"");
  EXPECT_EQ(One(R"(["int","string"])", Long(0) + Long(4)), "\"4\"");
  EXPECT_EQ(One(R"(["int",{"type":"array","items":"int"}])", Long(0) + Long(4)), "4");
}

TEST(AvroReader, ReadsLogicalTypes) {
  EXPECT_EQ(One(R"({"type":"int","logicalType":"date"})", Long(-1)), "\"1969-12-31\"");
  EXPECT_EQ(One(R"({"type":"int","logicalType":"time-millis"})", Long(1500)),
            "\"00:00:01.500000\"");
  EXPECT_EQ(One(R"({"type":"long","logicalType":"timestamp-millis"})", Long(-1)),
            "\"1969-12-31T23:59:59.999000Z\"");
  EXPECT_EQ(One(R"({"type":"long","logicalType":"timestamp-micros"})", Long(1)),
            "\"1970-01-01T00:00:00.000001Z\"");
  EXPECT_EQ(One(R"({"type":"long","logicalType":"local-timestamp-micros"})", Long(1)),
            "\"1970-01-01T00:00:00.000001\"");
  EXPECT_EQ(One(R"({"type":"string","logicalType":"uuid"})", Sized("u")), "\"u\"");
  const std::string decimal = R"("logicalType":"decimal","precision":5,"scale":2})";
  EXPECT_EQ(One(R"({"type":"bytes",)" + decimal, Sized("\xff\x85")), "-1.23");
  EXPECT_EQ(
      One(R"({"type":"fixed","name":"d","size":20,)" + decimal, std::string(18, '\0') + "\x30\x39"),
      "123.45");
  EXPECT_EQ(One(R"({"type":"bytes",)" + decimal, Sized("")), "0.00");
  const Outcome large = ReadAll(File(
      Record(R"({"name":"a","type":{"type":"bytes",)" + decimal + "}"), 1, Sized("\x7f\xff\xff")));
  EXPECT_EQ(large.json, "{\"a\":null}\n");
  ASSERT_EQ(large.changes.size(), 1u);
  EXPECT_EQ(large.changes[0].field, "a");
}

TEST(AvroReader, KnowsTheDigitsOfLargeDecimals) {
  EXPECT_EQ(AvroDecimalText("", 0), "0");
  EXPECT_EQ(AvroDecimalText(std::string("\x01\x00", 2), 0), "256");
  EXPECT_EQ(AvroDecimalText("\xff", 3), "-0.001");
  EXPECT_EQ(AvroDecimalText("\x80", 0), "-128");
  EXPECT_EQ(AvroDecimalText(std::string(1, '\x01') + std::string(16, '\0'), 0),
            "340282366920938463463374607431768211456");
}

TEST(AvroReader, SaysWhatIsWrongAndWhere) {
  const std::string schema = Record(R"({"name":"a","type":"string"})");
  const std::string good = File(schema, 1, Sized("text"));
  ASSERT_TRUE(ReadAll(good).status.ok());
  for (size_t size = 0; size < good.size(); ++size) {
    const Outcome cut = ReadAll(good.substr(0, size));
    const size_t block = File(schema, 0, "").size() - 18;
    if (size == block) continue;  // a file without a block
    ASSERT_TRUE(cut.status.failed()) << size;
    EXPECT_EQ(cut.status.error().type, FailureType::kConfigError);
  }
  const auto error = [](const std::string& file) { return ReadAll(file).status.ToString(); };
  EXPECT_NE(error(File(schema, 2, Sized("text"))).find("byte 1"), std::string::npos);
  EXPECT_NE(error(File(schema, 1, Sized("text") + "x")).find("more than its records"),
            std::string::npos);
  EXPECT_NE(error(File(schema, 1'000'000, "")).find("more records"), std::string::npos);
  EXPECT_NE(error(File(schema, 1, "", "lzma")).find("lzma"), std::string::npos);
  EXPECT_NE(
      error(File(Record(R"({"name":"a","type":["null","r"]})"), 1, "\1")).find("holds itself"),
      std::string::npos);
  EXPECT_NE(error(File(Record(R"({"name":"a","type":{"type":"array","items":"null"}})"), 1,
                       Long(INT64_MAX) + Long(0)))
                .find("more items"),
            std::string::npos);
  EXPECT_NE(error(File("\"int\"", 1, "\1")).find("records"), std::string::npos);
  EXPECT_NE(error("PAR1").find("no Avro file"), std::string::npos);
}

TEST(AvroReader, ReadsTheColumnsThatAreWanted) {
  const std::string file =
      File(Record(R"({"name":"a","type":"string"},{"name":"b","type":"double"})"), 1,
           Sized("x") + std::string("\0\0\0\0\0\0\xf8\x3f", 8));
  EXPECT_EQ(ReadAll(file, true).json, "{\"a\":\"x\",\"b\":\"1.5\"}\n");
  EXPECT_EQ(ReadAll(file, false, {"b"}).json, "{\"b\":1.5}\n");
}

FileFormat Format(const Json& codec) {
  return *FileFormatFromJson(Json{{"format_type", "Avro"}, {"compression_codec", codec}});
}

TEST(AvroWriter, WritesWhatItReads) {
  const auto rows = Batch({
      {"id", arrow::int64(), "[1, null, -3]"},
      {"name é", arrow::utf8(), R"(["x", "", null])"},
      {"flag", arrow::boolean(), "[true, false, null]"},
      {"price", arrow::decimal128(10, 2), R"(["1.50", "-99999999.99", null])"},
      {"at", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), "[1, -1, null]"},
      {"day", arrow::date32(), "[1, -1, null]"},
      {"list", arrow::list(arrow::float64()), "[[1.5, null], [], null]"},
      {"pair", arrow::struct_({arrow::field("k", arrow::utf8())}),
       R"([{"k": "v"}, null, {"k": null}])"},
  });
  const std::vector<Json> codecs = {
      Json{{"codec", "no compression"}}, Json{{"codec", "Deflate"}, {"compression_level", 6}},
      Json{{"codec", "snappy"}},
      Json{{"codec", "zstandard"}, {"compression_level", 3}, {"include_checksum", true}}};
  for (const Json& codec : codecs) {
    StringSink sink;
    const auto writer = MakeFileWriter(Format(codec), rows->schema(), sink);
    ASSERT_TRUE(writer.ok()) << writer.status().ToString();
    ASSERT_TRUE((*writer)->Write(rows).ok());
    const auto totals = (*writer)->Close();
    ASSERT_TRUE(totals.ok());
    EXPECT_EQ(totals->rows, 3);
    EXPECT_EQ(totals->bytes, static_cast<int64_t>(sink.content().size()));
    const Outcome back = ReadAll(sink.content());
    ASSERT_TRUE(back.status.ok()) << back.status.ToString();
    EXPECT_EQ(back.json,
              R"({"id":1,"name__":"x","flag":true,"price":1.50,"at":"1970-01-01T00:00:00.000001Z",)"
              R"("day":"1970-01-02","list":[1.5,null],"pair":{"k":"v"}})"
              "\n"
              R"({"id":null,"name__":"","flag":false,"price":-99999999.99,)"
              R"("at":"1969-12-31T23:59:59.999999Z","day":"1969-12-31","list":[],"pair":null})"
              "\n"
              R"({"id":-3,"name__":null,"flag":null,"price":null,"at":null,"day":null,"list":null,)"
              R"("pair":{"k":null}})"
              "\n");
  }
  for (const char* codec : {"bzip2", "xz", "lz4"}) {
    EXPECT_FALSE(
        FileFormatFromJson(Json{{"format_type", "Avro"}, {"compression_codec", {{"codec", codec}}}})
            .ok());
  }
}

TEST(AvroCodecs, BoundWhatTheyUnpack) {
  const std::string zeros(1 << 20, '\0');
  for (const AvroCodec codec : {AvroCodec::kDeflate, AvroCodec::kSnappy, AvroCodec::kZstandard}) {
    std::string packed;
    ASSERT_TRUE(CompressAvroBlock(codec, 3, false, zeros, packed).ok());
    EXPECT_EQ(*DecompressAvroBlock(codec, packed, 1 << 20), zeros);
    EXPECT_TRUE(DecompressAvroBlock(codec, packed, 1 << 16).status().failed());
    for (const size_t size : {size_t{0}, size_t{3}, packed.size() - 1}) {
      EXPECT_TRUE(DecompressAvroBlock(codec, packed.substr(0, size), 1 << 20).status().failed());
    }
  }
}

}  // namespace
}  // namespace millrace
