#include "formats/parquet_reader.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>

#include "formats/testing/batch_text.h"
#include "formats/testing/memory_reader.h"

namespace millrace {
namespace {

template <typename Builder, typename... Args>
std::shared_ptr<arrow::Array> Column(const std::function<void(Builder&)>& fill, Args&&... args) {
  Builder builder(std::forward<Args>(args)...);
  fill(builder);
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Array> Ints(const std::shared_ptr<arrow::DataType>& type,
                                   const std::vector<int64_t>& values) {
  auto builder = arrow::MakeBuilder(type).ValueOrDie();
  for (const int64_t value : values) {
    EXPECT_TRUE(builder->AppendScalar(*arrow::MakeScalar(value)->CastTo(type).ValueOrDie()).ok());
  }
  return builder->Finish().ValueOrDie();
}

std::string ToParquet(const std::shared_ptr<arrow::Table>& table, int64_t group_rows) {
  auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  parquet::ArrowWriterProperties::Builder shape;
  shape.store_schema();
  const auto status =
      parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink, group_rows,
                                 parquet::default_writer_properties(), shape.build());
  EXPECT_TRUE(status.ok()) << status.ToString();
  return sink->Finish().ValueOrDie()->ToString();
}

ParquetBytes Bytes(const std::string& file) {
  ParquetBytes bytes;
  bytes.size = static_cast<int64_t>(file.size());
  bytes.open = [file](int64_t offset, int64_t size) -> Result<std::unique_ptr<ByteReader>> {
    return std::make_unique<MemoryReader>(
        file.substr(static_cast<size_t>(offset), static_cast<size_t>(size)), 1000);
  };
  return bytes;
}

struct Rows {
  Status status;
  std::string text;
  std::vector<FieldChange> changes;
};

Rows ReadAll(ParquetReader& reader, const std::set<std::string>& columns = {}) {
  Rows rows;
  for (int group = 0; group < reader.row_group_count() && rows.status.ok(); ++group) {
    rows.status = reader.ReadRowGroup(group, columns, [&](ChangeBatch batch) -> Status {
      EXPECT_TRUE(batch.rows->ValidateFull().ok());
      rows.text += BatchText(*batch.rows);
      rows.changes.insert(rows.changes.end(), batch.changes.begin(), batch.changes.end());
      return Status::Ok();
    });
  }
  return rows;
}

std::shared_ptr<arrow::Table> SomeTable() {
  const auto nanos = arrow::timestamp(arrow::TimeUnit::NANO, "Europe/Paris");
  const auto text = Column<arrow::StringBuilder>([](auto& b) {
    EXPECT_TRUE(b.Append("x").ok() && b.AppendNull().ok() && b.Append("z").ok());
  });
  const auto lists = arrow::ListArray::FromArrays(*Ints(arrow::int32(), {0, 2, 2, 3}),
                                                  *Ints(arrow::int16(), {1, 2, 3}))
                         .ValueOrDie();
  const auto record =
      arrow::StructArray::Make(arrow::ArrayVector{Ints(arrow::int8(), {1, 2, 3}), text},
                               std::vector<std::string>{"a", "b"})
          .ValueOrDie();
  const arrow::FieldVector fields = {arrow::field("i", arrow::int32(), false),
                                     arrow::field("u", arrow::uint64()),
                                     arrow::field("t", nanos),
                                     arrow::field("s", arrow::utf8()),
                                     arrow::field("l", lists->type()),
                                     arrow::field("r", record->type())};
  const arrow::ArrayVector columns = {Ints(arrow::int32(), {1, 2, 3}),
                                      Ints(arrow::uint64(), {7, 8, 9}),
                                      Ints(nanos, {1'000, 1'001, 2'000}),
                                      text,
                                      lists,
                                      record};
  return arrow::Table::Make(arrow::schema(fields), columns);
}

TEST(ParquetReader, ReadsRowGroupsInTravellingTypes) {
  const auto reader = ParquetReader::Open(Bytes(ToParquet(SomeTable(), 2)));
  ASSERT_TRUE(reader.ok()) << reader.status().ToString();
  EXPECT_EQ((*reader)->row_group_count(), 2);
  EXPECT_EQ((*reader)->row_count(), 3);
  EXPECT_FALSE((*reader)->schema()->field(0)->nullable());
  const Rows rows = ReadAll(**reader);
  ASSERT_TRUE(rows.status.ok()) << rows.status.ToString();
  EXPECT_EQ(rows.text,
            "1|7|1970-01-01 00:00:00.000001Z|x|[1,2]|{1,x}\n"
            "2|8|1970-01-01 00:00:00.000001Z|∅|[]|{2,∅}\n"
            "3|9|1970-01-01 00:00:00.000002Z|z|[3]|{3,z}\n");
  ASSERT_EQ(rows.changes.size(), 1U);
  EXPECT_EQ(rows.changes[0].row, 1);
  EXPECT_EQ(rows.changes[0].change, "TRUNCATED");
  EXPECT_EQ(ReadAll(**reader, {"s", "i"}).text, "1|x\n2|∅\n3|z\n");
}

TEST(ParquetReader, NoticesWhatIsCutShortOrSpoilt) {
  const std::string file = ToParquet(SomeTable(), 2);
  for (const size_t size : {size_t{0}, size_t{3}, size_t{11}, file.size() / 2, file.size() - 1}) {
    const auto reader = ParquetReader::Open(Bytes(file.substr(0, size)));
    ASSERT_FALSE(reader.ok()) << size;
    EXPECT_EQ(reader.status().error().type, FailureType::kConfigError);
  }
  // Whatever byte is wrong: an error or a value, never a crash.
  for (size_t at = 0; at < file.size(); ++at) {
    std::string spoilt = file;
    spoilt[at] = static_cast<char>(spoilt[at] ^ 0x41);
    const auto reader = ParquetReader::Open(Bytes(spoilt));
    if (!reader.ok()) continue;
    for (int group = 0; group < (*reader)->row_group_count(); ++group) {
      const Status read =
          (*reader)->ReadRowGroup(group, {}, [](ChangeBatch) { return Status::Ok(); });
      EXPECT_TRUE(read.ok() || read.error().type == FailureType::kConfigError);
    }
  }
}

TEST(ParquetReader, KeepsTheReasonOfAFailedRead) {
  ParquetBytes bytes = Bytes(ToParquet(SomeTable(), 2));
  bytes.open = [](int64_t, int64_t) -> Result<std::unique_ptr<ByteReader>> {
    return TransientError("the server is away");
  };
  const auto reader = ParquetReader::Open(bytes);
  ASSERT_FALSE(reader.ok());
  EXPECT_EQ(reader.status().error().type, FailureType::kTransientError);
}

}  // namespace
}  // namespace millrace
