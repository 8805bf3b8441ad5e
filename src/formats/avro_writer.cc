#include "formats/avro_writer.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/uuid.h"
#include "formats/array_value.h"
#include "formats/avro_codec.h"
#include "formats/parquet_types.h"

namespace millrace {
namespace {

/// A block is closed when its records take this much before they are compressed.
constexpr size_t kUnpackedBlockBytes = 256 << 10;

void AppendLong(int64_t value, std::string& out) {
  uint64_t bits = (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
  while (bits >= 0x80) {
    out += static_cast<char>(bits | 0x80);
    bits >>= 7;
  }
  out += static_cast<char>(bits);
}

void AppendSized(std::string_view bytes, std::string& out) {
  AppendLong(static_cast<int64_t>(bytes.size()), out);
  out += bytes;
}

template <typename T>
void AppendFixed(T value, std::string& out) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out.append(bytes, sizeof(T));
}

/// A decimal as Arrow holds it, least significant byte first, the other way round and without
/// bytes that only repeat the sign.
void AppendDecimal(const uint8_t* value, int size, std::string& out) {
  const auto sign_only = [&](int top) {
    const uint8_t sign = (value[top - 1] & 0x80) != 0 ? 0xff : 0x00;
    return value[top] == sign;
  };
  int top = size - 1;
  while (top > 0 && sign_only(top)) --top;
  AppendLong(top + 1, out);
  for (int at = top; at >= 0; --at) out += static_cast<char>(value[at]);
}

void AppendValue(const arrow::Array& array, int64_t row, std::string& out);

void AppendNullable(const arrow::Array& array, int64_t row, std::string& out) {
  if (array.IsNull(row)) {
    AppendLong(0, out);
    return;
  }
  AppendLong(1, out);
  AppendValue(array, row, out);
}

void AppendField(const arrow::Field& field, const arrow::Array& array, int64_t row,
                 std::string& out) {
  if (field.nullable()) {
    AppendNullable(array, row, out);
  } else {
    AppendValue(array, row, out);
  }
}

void AppendItems(const arrow::ListArray& list, int64_t row, std::string& out) {
  const int64_t count = list.value_length(row);
  if (count > 0) AppendLong(count, out);
  for (int64_t item = 0; item < count; ++item) {
    AppendNullable(*list.values(), list.value_offset(row) + item, out);
  }
  AppendLong(0, out);
}

/// A value that is not null, of a type that AvroSchemaText has let through.
void AppendValue(const arrow::Array& array, int64_t row, std::string& out) {
  switch (array.type_id()) {
    case arrow::Type::BOOL:
      out += ValueOf<arrow::BooleanArray>(array, row) ? '\1' : '\0';
      break;
    case arrow::Type::INT8:
      return AppendLong(ValueOf<arrow::Int8Array>(array, row), out);
    case arrow::Type::INT16:
      return AppendLong(ValueOf<arrow::Int16Array>(array, row), out);
    case arrow::Type::INT32:
      return AppendLong(ValueOf<arrow::Int32Array>(array, row), out);
    case arrow::Type::INT64:
      return AppendLong(ValueOf<arrow::Int64Array>(array, row), out);
    case arrow::Type::UINT8:
      return AppendLong(ValueOf<arrow::UInt8Array>(array, row), out);
    case arrow::Type::UINT16:
      return AppendLong(ValueOf<arrow::UInt16Array>(array, row), out);
    case arrow::Type::UINT32:
      return AppendLong(ValueOf<arrow::UInt32Array>(array, row), out);
    case arrow::Type::FLOAT:
      return AppendFixed(ValueOf<arrow::FloatArray>(array, row), out);
    case arrow::Type::DOUBLE:
      return AppendFixed(ValueOf<arrow::DoubleArray>(array, row), out);
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return AppendSized(static_cast<const arrow::BinaryArray&>(array).GetView(row), out);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return AppendSized(static_cast<const arrow::LargeBinaryArray&>(array).GetView(row), out);
    case arrow::Type::FIXED_SIZE_BINARY:
      return AppendSized(static_cast<const arrow::FixedSizeBinaryArray&>(array).GetView(row), out);
    case arrow::Type::DATE32:
      return AppendLong(ValueOf<arrow::Date32Array>(array, row), out);
    case arrow::Type::TIME64: {
      const auto unit = static_cast<const arrow::Time64Type&>(*array.type()).unit();
      const int64_t value = ValueOf<arrow::Time64Array>(array, row);
      return AppendLong(unit == arrow::TimeUnit::NANO ? value / 1000 : value, out);
    }
    case arrow::Type::TIMESTAMP:
      return AppendLong(ValueOf<arrow::TimestampArray>(array, row), out);
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256: {
      const auto& decimals = static_cast<const arrow::FixedSizeBinaryArray&>(array);
      return AppendDecimal(decimals.GetValue(row), decimals.byte_width(), out);
    }
    case arrow::Type::LIST:
      return AppendItems(static_cast<const arrow::ListArray&>(array), row, out);
    default: {
      const auto& record = static_cast<const arrow::StructArray&>(array);
      for (int at = 0; at < record.num_fields(); ++at) {
        AppendField(*record.type()->field(at), *record.field(at), row, out);
      }
    }
  }
}

AvroCodec AvroCodecOf(const FileFormat& format) {
  switch (format.codec) {
    case FileFormat::Codec::kDeflate:
      return AvroCodec::kDeflate;
    case FileFormat::Codec::kSnappy:
      return AvroCodec::kSnappy;
    case FileFormat::Codec::kZstd:
      return AvroCodec::kZstandard;
    default:
      return AvroCodec::kNull;
  }
}

class AvroWriter : public FileWriter {
 public:
  AvroWriter(const FileFormat& format, SchemaPtr schema, ByteSink& sink)
      : format_(format), codec_(AvroCodecOf(format)), schema_(std::move(schema)), sink_(sink) {}

  Status WriteHeader() {
    MR_ASSIGN_OR_RETURN(const std::string schema, AvroSchemaText(schema_));
    // A mark that no data holds: random.
    const std::string uuid = RandomUuid();
    sync_.assign(uuid, 0, kAvroSyncBytes);
    std::string header("Obj\x01", 4);
    AppendLong(2, header);
    AppendSized("avro.schema", header);
    AppendSized(schema, header);
    AppendSized("avro.codec", header);
    AppendSized(AvroCodecName(codec_), header);
    AppendLong(0, header);
    return Send(header + sync_);
  }

  Status Write(const std::shared_ptr<arrow::RecordBatch>& rows) override {
    arrow::ArrayVector columns;
    for (int at = 0; at < schema_->num_fields(); ++at) {
      MR_ASSIGN_OR_RETURN(auto column,
                          ParquetColumnOf(rows->column(at), schema_->field(at)->type()));
      columns.push_back(std::move(column));
    }
    for (int64_t row = 0; row < rows->num_rows(); ++row) {
      for (size_t at = 0; at < columns.size(); ++at) {
        AppendField(*schema_->field(static_cast<int>(at)), *columns[at], row, block_);
      }
      ++block_rows_;
      if (block_.size() >= kUnpackedBlockBytes) MR_RETURN_IF_ERROR(WriteBuffered());
    }
    rows_ += rows->num_rows();
    return Status::Ok();
  }

  Status WriteBuffered() override {
    if (block_rows_ == 0) return Status::Ok();
    packed_.clear();
    MR_RETURN_IF_ERROR(
        CompressAvroBlock(codec_, format_.codec_level, format_.codec_checksum, block_, packed_));
    std::string head;
    AppendLong(block_rows_, head);
    AppendLong(static_cast<int64_t>(packed_.size()), head);
    MR_RETURN_IF_ERROR(Send(head));
    MR_RETURN_IF_ERROR(Send(packed_));
    block_.clear();
    block_rows_ = 0;
    return Send(sync_);
  }

  int64_t buffered_bytes() const override {
    return static_cast<int64_t>(block_.capacity() + packed_.capacity());
  }
  int64_t written_bytes() const override { return written_; }

  Result<FileTotals> Close() override {
    MR_RETURN_IF_ERROR(WriteBuffered());
    return FileTotals{rows_, written_};
  }

 private:
  Status Send(std::string_view bytes) {
    written_ += static_cast<int64_t>(bytes.size());
    return sink_.Write(bytes);
  }

  const FileFormat format_;
  const AvroCodec codec_;
  const SchemaPtr schema_;  // as ParquetSchemaOf makes it
  ByteSink& sink_;
  std::string sync_;
  std::string block_, packed_;
  int64_t block_rows_ = 0;
  int64_t rows_ = 0;
  int64_t written_ = 0;
};

}  // namespace

Result<std::unique_ptr<FileWriter>> MakeAvroWriter(const FileFormat& format,
                                                   const SchemaPtr& schema, ByteSink& sink) {
  // What plain types a file needs instead of ours is the same for Parquet and Avro.
  MR_ASSIGN_OR_RETURN(SchemaPtr plain, ParquetSchemaOf(*schema));
  auto writer = std::make_unique<AvroWriter>(format, std::move(plain), sink);
  MR_RETURN_IF_ERROR(writer->WriteHeader());
  return std::unique_ptr<FileWriter>(std::move(writer));
}

}  // namespace millrace
