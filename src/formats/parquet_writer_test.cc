#include "formats/parquet_writer.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/extension_type.h>
#include <arrow/io/memory.h>
#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>

#include "connector/meta_column.h"
#include "connector/number_type.h"
#include "formats/json_encoder.h"
#include "formats/testing/string_sink.h"

namespace millrace {
namespace {

using DataTypePtr = std::shared_ptr<arrow::DataType>;

std::shared_ptr<arrow::Array> FromJson(const DataTypePtr& type, const std::string& json) {
  if (type->id() == arrow::Type::EXTENSION) {
    const auto& storage = static_cast<const arrow::ExtensionType&>(*type).storage_type();
    return arrow::ExtensionType::WrapArray(type, FromJson(storage, json));
  }
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

std::shared_ptr<arrow::RecordBatch> OneColumn(const std::string& name, const DataTypePtr& type,
                                              const std::string& json, bool nullable = true) {
  auto column = FromJson(type, json);
  return arrow::RecordBatch::Make(arrow::schema({arrow::field(name, type, nullable)}),
                                  column->length(), {column});
}

class Written {
 public:
  Written(const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches, FileFormat format = {}) {
    auto writer = MakeParquetWriter(format, batches[0]->schema(), sink_);
    EXPECT_TRUE(writer.ok()) << writer.status().ToString();
    for (const auto& batch : batches) {
      const Status status = (*writer)->Write(batch);
      EXPECT_TRUE(status.ok()) << status.ToString();
    }
    auto totals = (*writer)->Close();
    EXPECT_TRUE(totals.ok()) << totals.status().ToString();
    if (!totals.ok()) return;
    rows = totals->rows;
    EXPECT_EQ(totals->bytes, static_cast<int64_t>(sink_.content().size()));
    auto input =
        std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(sink_.content()));
    auto reader = parquet::arrow::OpenFile(input, arrow::default_memory_pool()).ValueOrDie();
    table = reader->ReadTable().ValueOrDie();
    metadata = reader->parquet_reader()->metadata();
  }

  std::shared_ptr<arrow::Array> Column(int i = 0) const {
    return arrow::Concatenate(table->column(i)->chunks()).ValueOrDie();
  }
  std::vector<parquet::Encoding::type> Encodings(int column = 0) const {
    return metadata->RowGroup(0)->ColumnChunk(column)->encodings();
  }

  int64_t rows = 0;
  std::shared_ptr<arrow::Table> table;
  std::shared_ptr<parquet::FileMetaData> metadata;

 private:
  StringSink sink_;
};

struct TypeCase {
  const char* name;
  DataTypePtr type;
  const char* json;
  DataTypePtr read_as;  // null: the same
};

std::vector<TypeCase> TypeCases() {
  const auto point = arrow::struct_(
      {arrow::field("x", arrow::int64()), arrow::field("tags", arrow::list(arrow::utf8()))});
  return {
      {"bool", arrow::boolean(), "[true, null, false]", nullptr},
      {"int64", arrow::int64(), "[-9223372036854775808, null, 9223372036854775807]", nullptr},
      {"int16", arrow::int16(), "[-3, null]", nullptr},
      {"uint64", arrow::uint64(), "[18446744073709551615, null]", nullptr},
      {"float64", arrow::float64(), "[1.5, null, -0.1]", nullptr},
      {"float32", arrow::float32(), "[1.5, null]", nullptr},
      {"decimal5", arrow::decimal128(5, 2), R"(["-123.45", null, "0.01"])", nullptr},
      {"decimal18", arrow::decimal128(18, 4), R"(["-12345678901234.5678", null])", nullptr},
      {"decimal38", arrow::decimal128(38, 10), R"(["1234567890123456789012345678.0123456789"])",
       nullptr},
      {"decimal60", arrow::decimal256(60, 2),
       R"(["-1234567890123456789012345678901234567890123456789012345678.12", null])", nullptr},
      {"date", arrow::date32(), "[-800000, null, 20000]", nullptr},
      {"time", arrow::time64(arrow::TimeUnit::MICRO), "[86399999999, null]", nullptr},
      {"timestamp", arrow::timestamp(arrow::TimeUnit::MICRO), "[-1, null, 1737374400000001]",
       nullptr},
      {"timestamptz", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), "[1737374400000001]",
       nullptr},
      {"text", arrow::utf8(), R"(["", null, "Žluťoučký"])", nullptr},
      {"binary", arrow::binary(), R"(["", null, "abc"])", nullptr},
      {"json", json_text(), R"(["{\"a\":1}", null])", arrow::utf8()},
      {"null", arrow::null(), "[null, null]", arrow::utf8()},
      {"list", arrow::list(arrow::int64()), "[[1, null], [], null]", nullptr},
      {"list of json", arrow::list(json_text()), "", nullptr},
      {"list of lists", arrow::list(arrow::list(arrow::utf8())), R"([[["a"], []], null, []])",
       nullptr},
      {"struct", point, R"([{"x": 1, "tags": ["a", null]}, null, {"x": null, "tags": []}])",
       nullptr},
      {"meta", meta_type(),
       R"([{"sync_id": 1, "changes": []},
           {"sync_id": 2, "changes": [{"field": "a", "change": "NULLED", "reason": "r"}]}])",
       nullptr},
  };
}

TEST(ParquetWriter, KeepsEveryType) {
  for (const TypeCase& test : TypeCases()) {
    SCOPED_TRACE(test.name);
    std::string json = test.json;
    std::shared_ptr<arrow::RecordBatch> batch;
    DataTypePtr read_as = test.read_as != nullptr ? test.read_as : test.type;
    if (json.empty()) {  // a list of extension values, which JSON can't spell
      auto texts = FromJson(arrow::list(arrow::utf8()), R"([["1", null], [], null])");
      read_as = texts->type();
      auto data = texts->data()->Copy();
      data->type = test.type;
      data->child_data[0] = data->child_data[0]->Copy();
      data->child_data[0]->type = json_text();
      auto column = arrow::MakeArray(data);
      batch = arrow::RecordBatch::Make(arrow::schema({arrow::field("c", test.type)}), 3, {column});
      json = R"([["1", null], [], null])";
    } else {
      batch = OneColumn("c", test.type, json);
    }
    const Written written({batch, batch->Slice(batch->num_rows() - 1)});
    auto once = FromJson(read_as, json);
    auto expected = arrow::Concatenate({once, once->Slice(once->length() - 1)}).ValueOrDie();
    ASSERT_NE(written.table, nullptr);
    EXPECT_TRUE(written.table->schema()->field(0)->nullable());
    ASSERT_EQ(written.rows, expected->length());
    // Names of list items differ between writers; values and shapes must not.
    const auto column = written.Column();
    EXPECT_EQ(column->type_id(), expected->type_id());
    for (int64_t row = 0; row < expected->length(); ++row) {
      std::string was;
      std::string is;
      AppendJsonValue(*expected, row, was);
      AppendJsonValue(*column, row, is);
      EXPECT_EQ(is, was) << "row " << row;
    }
  }
}

TEST(ParquetWriter, WritesExtractedAtInMillisecondsAndRequiredColumns) {
  const Written written(
      {OneColumn(std::string(kExtractedAtColumn), arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"),
                 "[1737374400123456]", false)});
  EXPECT_EQ(written.table->schema()->field(0)->type()->ToString(), "timestamp[ms, tz=UTC]");
  EXPECT_FALSE(written.table->schema()->field(0)->nullable());
  EXPECT_EQ(static_cast<const arrow::TimestampArray&>(*written.Column()).Value(0), 1737374400123);
  EXPECT_EQ(written.metadata->created_by(), "millrace");
}

std::shared_ptr<arrow::RecordBatch> ManyIntegers(int64_t rows, int64_t modulus) {
  std::string json = "[";
  for (int64_t i = 0; i < rows; ++i) json += (i ? "," : "") + std::to_string(i * 7919 % modulus);
  return OneColumn("n", arrow::int64(), json + "]");
}

TEST(ParquetWriter, ChoosesEncodingsByTheFirstRowGroup) {
  const Written repeated({ManyIntegers(20000, 100)});
  EXPECT_THAT(repeated.Encodings(), testing::Contains(parquet::Encoding::RLE_DICTIONARY));
  const Written distinct({ManyIntegers(20000, 1'000'003)});
  EXPECT_THAT(distinct.Encodings(), testing::Contains(parquet::Encoding::DELTA_BINARY_PACKED));
  FileFormat plain;
  plain.dictionary = false;
  const Written without({ManyIntegers(20000, 100)}, plain);
  EXPECT_THAT(without.Encodings(),
              testing::Not(testing::Contains(parquet::Encoding::RLE_DICTIONARY)));
}

TEST(ParquetWriter, CutsRowGroupsByRowsAndBytes) {
  auto batch = ManyIntegers(1000, 10);
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches(300, batch);
  const Written by_rows(batches);
  EXPECT_EQ(by_rows.rows, 300'000);
  EXPECT_EQ(by_rows.metadata->num_row_groups(), 3);
  FileFormat small;
  small.block_bytes = 100'000;  // 13 batches of 8,000 bytes and their null bitmaps
  const Written by_bytes(std::vector<std::shared_ptr<arrow::RecordBatch>>(30, batch), small);
  EXPECT_EQ(by_bytes.metadata->num_row_groups(), 3);
  const Written sliced({ManyIntegers(400'000, 10)});
  EXPECT_EQ(sliced.metadata->num_row_groups(), 3);
  EXPECT_EQ(sliced.table->num_rows(), 400'000);
}

TEST(ParquetWriter, KeepsTextsWithFewAndManyDistinctValuesAndNulls) {
  for (const int64_t distinct : {3, 3000, 6000, 20000}) {
    SCOPED_TRACE(distinct);
    std::string json = "[";
    for (int64_t i = 0; i < 20000; ++i) {
      // Same ends and length for many: the middle tells them apart.
      const std::string number = std::to_string(1'000'000 + i % distinct);
      json += (i ? "," : "");
      json += i % 97 == 5 ? "null" : "\"prefix-0-" + number + "-suffix-0\"";
    }
    auto batch = OneColumn("t", arrow::utf8(), json + "]");
    const Written written({batch->Slice(0, 7001), batch->Slice(7001)});
    EXPECT_TRUE(written.Column()->Equals(*batch->column(0)));
  }
}

TEST(ParquetWriter, WritesEveryCodec) {
  using Codec = FileFormat::Codec;
  for (const Codec codec : {Codec::kUncompressed, Codec::kSnappy, Codec::kGzip, Codec::kBrotli,
                            Codec::kLz4, Codec::kZstd}) {
    FileFormat format;
    format.codec = codec;
    const Written written({ManyIntegers(1000, 10)}, format);
    EXPECT_EQ(written.table->num_rows(), 1000);
  }
}

TEST(ParquetWriter, WritesAnEmptyFileWithTheSchema) {
  const Written written({OneColumn("c", arrow::list(arrow::int64()), "[]")});
  EXPECT_EQ(written.table->num_rows(), 0);
  EXPECT_EQ(written.table->schema()->field(0)->name(), "c");
}

TEST(ParquetWriter, ReturnsTheSinksFailureAndRefusesTypes) {
  StringSink full;
  full.FailWith(ConfigError("the disk is full"));
  auto batch = ManyIntegers(10, 10);
  auto writer = MakeParquetWriter({}, batch->schema(), full);
  ASSERT_TRUE(writer.ok());
  Status status = (*writer)->Write(batch);
  if (status.ok()) status = (*writer)->Close().status();
  EXPECT_EQ(status.ToString(), "the disk is full");

  StringSink sink;
  auto refused = MakeParquetWriter(
      {}, arrow::schema({arrow::field("d", arrow::duration(arrow::TimeUnit::SECOND))}), sink);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.status().ToString(), testing::HasSubstr("column d"));
}

}  // namespace
}  // namespace millrace
