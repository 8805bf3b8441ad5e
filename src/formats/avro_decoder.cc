#include "formats/avro_decoder.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/micros_per_day.h"
#include "connector/arrow_status.h"
#include "connector/number_type.h"
#include "formats/avro_json.h"
#include "formats/utf8_text.h"

namespace millrace {
namespace {

using AvroKind = AvroType::Kind;
using Logical = AvroType::Logical;
using DataTypePtr = std::shared_ptr<arrow::DataType>;

/// Values of a record that take no bytes (nulls in an array): more are nobody's data.
constexpr int64_t kEmptyItemsMax = 1 << 20;

constexpr const char* kSourceLimit = "SOURCE_FIELD_SIZE_LIMITATION";
constexpr const char* kNoText = "SOURCE_SERIALIZATION_ERROR";

/// What a builder makes: the same without extension types.
DataTypePtr StorageType(const DataTypePtr& type) {
  switch (type->id()) {
    case arrow::Type::EXTENSION:
      return static_cast<const arrow::ExtensionType&>(*type).storage_type();
    case arrow::Type::LIST:
      return arrow::list(StorageType(type->field(0)->type()));
    case arrow::Type::STRUCT: {
      arrow::FieldVector fields = type->fields();
      for (auto& field : fields) field = field->WithType(StorageType(field->type()));
      return arrow::struct_(std::move(fields));
    }
    default:
      return type;
  }
}

/// The same data under its real type.
std::shared_ptr<arrow::ArrayData> Retyped(const arrow::ArrayData& data, const DataTypePtr& type) {
  auto copy = data.Copy();
  copy->type = type;
  for (size_t at = 0; at < copy->child_data.size(); ++at) {
    copy->child_data[at] =
        Retyped(*copy->child_data[at], type->field(static_cast<int>(at))->type());
  }
  return copy;
}

/// Appends values to builders; what was wrong, if anything was.
class ValueAppender {
 public:
  ValueAppender(AvroCursor& cursor, std::string_view column, int64_t row,
                std::vector<FieldChange>& changes)
      : cursor_(cursor), column_(column), row_(row), changes_(changes) {}

  bool Append(const AvroType& type, arrow::ArrayBuilder& builder);
  bool Skip(const AvroType& type) { return SkipAvro(type, cursor_, items_left_); }
  Status failure() const;

 private:
  template <typename Builder, typename Value>
  bool Take(arrow::ArrayBuilder& builder, Value value) {
    return Keep(static_cast<Builder&>(builder).Append(value));
  }
  bool Keep(const arrow::Status& status) {
    if (!status.ok()) arrow_failure_ = status;
    return status.ok();
  }
  bool Fail(const char* what) {
    what_ = what;
    return false;
  }
  bool Null(arrow::ArrayBuilder& builder, const char* reason) {
    changes_.push_back({row_, std::string(column_), "NULLED", reason});
    return Keep(builder.AppendNull());
  }

  bool AppendUnion(const AvroType& type, arrow::ArrayBuilder& builder);
  bool AppendNumber(const AvroType& type, arrow::ArrayBuilder& builder);
  bool AppendBytes(const AvroType& type, arrow::ArrayBuilder& builder);
  bool AppendDecimal(const AvroType& type, std::string_view bytes, arrow::ArrayBuilder& builder);
  bool AppendText(arrow::ArrayBuilder& builder, std::string_view text);
  bool AppendList(const AvroType& type, arrow::ArrayBuilder& builder);
  bool AppendRecord(const AvroType& type, arrow::ArrayBuilder& builder);

  AvroCursor& cursor_;
  const std::string_view column_;
  const int64_t row_;
  std::vector<FieldChange>& changes_;
  int64_t items_left_ = kEmptyItemsMax;
  std::string scratch_;
  const char* what_ = nullptr;
  arrow::Status arrow_failure_;
};

Status ValueAppender::failure() const {
  if (!arrow_failure_.ok()) return FromArrow(arrow_failure_, "decoding Avro");
  return ConfigError(
      "field '{}': {}", column_,
      what_ != nullptr ? what_ : "the data ends early, or is not what the schema says");
}

bool ValueAppender::AppendText(arrow::ArrayBuilder& builder, std::string_view text) {
  const int64_t size = static_cast<int64_t>(text.size());
  if (FirstInvalidUtf8(text.data(), size) < size) return Null(builder, kNoText);
  return Take<arrow::StringBuilder>(builder, text);
}

bool ValueAppender::AppendUnion(const AvroType& type, arrow::ArrayBuilder& builder) {
  int64_t branch = 0;
  if (!cursor_.ReadLong(&branch)) return false;
  if (branch < 0 || branch >= static_cast<int64_t>(type.children.size())) {
    return Fail("a union has no such branch");
  }
  const AvroType& chosen = *type.children[static_cast<size_t>(branch)];
  if (chosen.kind == AvroKind::kNull) return Keep(builder.AppendNull());
  if (chosen.arrow_type->Equals(*type.arrow_type)) return Append(chosen, builder);
  scratch_.clear();
  const bool read = IsJsonText(*type.arrow_type)
                        ? AppendAvroJson(chosen, cursor_, items_left_, scratch_)
                        : AppendAvroText(chosen, cursor_, scratch_);
  return read && AppendText(builder, scratch_);
}

bool ValueAppender::AppendNumber(const AvroType& type, arrow::ArrayBuilder& builder) {
  int64_t value = 0;
  if (!cursor_.ReadLong(&value)) return false;
  if (type.kind == AvroKind::kInt && (value < INT32_MIN || value > INT32_MAX)) {
    return Fail("an int has more than 32 bits");
  }
  switch (type.logical) {
    case Logical::kDate:
      return Take<arrow::Date32Builder>(builder, static_cast<int32_t>(value));
    case Logical::kTimeMillis:
    case Logical::kTimeMicros:
      if (type.logical == Logical::kTimeMillis) value *= 1000;  // of 32 bits
      if (value < 0 || value >= kMicrosPerDay) return Null(builder, kSourceLimit);
      return Take<arrow::Time64Builder>(builder, value);
    case Logical::kMillis:
      if (__builtin_mul_overflow(value, int64_t{1000}, &value)) return Null(builder, kSourceLimit);
      return Take<arrow::TimestampBuilder>(builder, value);
    case Logical::kNanos: {
      const int64_t rest = (value % 1000 + 1000) % 1000;
      if (rest != 0) changes_.push_back({row_, std::string(column_), "TRUNCATED", kSourceLimit});
      return Take<arrow::TimestampBuilder>(builder, value / 1000 - (value % 1000 < 0 ? 1 : 0));
    }
    case Logical::kMicros:
      return Take<arrow::TimestampBuilder>(builder, value);
    default:
      return Take<arrow::Int64Builder>(builder, value);
  }
}

bool ValueAppender::AppendDecimal(const AvroType& type, std::string_view bytes,
                                  arrow::ArrayBuilder& builder) {
  const auto sign_only = [&] {
    if (bytes.size() < 2) return false;
    const bool negative = (static_cast<uint8_t>(bytes[1]) & 0x80) != 0;
    return static_cast<uint8_t>(bytes[0]) == (negative ? 0xff : 0x00);
  };
  while (sign_only()) bytes.remove_prefix(1);
  static constexpr char kZero[1] = {0};
  if (bytes.empty()) bytes = std::string_view(kZero, 1);
  const auto* const data = reinterpret_cast<const uint8_t*>(bytes.data());
  const int32_t size = static_cast<int32_t>(std::min<size_t>(bytes.size(), 33));
  if (type.arrow_type->id() == arrow::Type::DECIMAL128) {
    const auto value = arrow::Decimal128::FromBigEndian(data, size);
    if (!value.ok() || !value->FitsInPrecision(type.precision)) return Null(builder, kSourceLimit);
    return Take<arrow::Decimal128Builder>(builder, *value);
  }
  if (type.arrow_type->id() == arrow::Type::DECIMAL256) {
    const auto value = arrow::Decimal256::FromBigEndian(data, size);
    if (!value.ok() || !value->FitsInPrecision(type.precision)) return Null(builder, kSourceLimit);
    return Take<arrow::Decimal256Builder>(builder, *value);
  }
  constexpr size_t kTextBytesMax = 4200;  // some 10,000 digits
  if (bytes.size() > kTextBytesMax) return Null(builder, kSourceLimit);
  return AppendText(builder, AvroDecimalText(bytes, type.scale));
}

bool ValueAppender::AppendBytes(const AvroType& type, arrow::ArrayBuilder& builder) {
  std::string_view bytes;
  if (type.kind == AvroKind::kFixed ? !cursor_.ReadBytes(type.size, &bytes)
                                    : !cursor_.ReadSized(&bytes)) {
    return false;
  }
  if (type.kind == AvroKind::kString) return AppendText(builder, bytes);
  if (type.logical == Logical::kDecimal) return AppendDecimal(type, bytes, builder);
  return Take<arrow::BinaryBuilder>(builder, bytes);
}

bool ValueAppender::AppendList(const AvroType& type, arrow::ArrayBuilder& builder) {
  auto& list = static_cast<arrow::ListBuilder&>(builder);
  if (!Keep(list.Append())) return false;
  const AvroType& items = *type.children[0];
  for (int64_t count = 1; count != 0;) {
    if (!ReadAvroBlock(cursor_, items.bytes_min, items_left_, &count)) {
      return Fail("an array has more items than there is data");
    }
    for (int64_t item = 0; item < count; ++item) {
      if (!Append(items, *list.value_builder())) return false;
    }
  }
  return true;
}

bool ValueAppender::AppendRecord(const AvroType& type, arrow::ArrayBuilder& builder) {
  auto& record = static_cast<arrow::StructBuilder&>(builder);
  if (!Keep(record.Append())) return false;
  for (size_t at = 0; at < type.children.size(); ++at) {
    if (!Append(*type.children[at], *record.field_builder(static_cast<int>(at)))) return false;
  }
  return true;
}

bool ValueAppender::Append(const AvroType& type, arrow::ArrayBuilder& builder) {
  switch (type.kind) {
    case AvroKind::kNull:
      return Keep(builder.AppendNull());
    case AvroKind::kBoolean: {
      std::string_view byte;
      if (!cursor_.ReadBytes(1, &byte)) return false;
      if (static_cast<uint8_t>(byte[0]) > 1) return Fail("a boolean is neither 0 nor 1");
      return Take<arrow::BooleanBuilder>(builder, byte[0] != 0);
    }
    case AvroKind::kInt:
    case AvroKind::kLong:
      return AppendNumber(type, builder);
    case AvroKind::kFloat: {
      float value = 0;
      return cursor_.ReadFixed(&value) && Take<arrow::DoubleBuilder>(builder, double{value});
    }
    case AvroKind::kDouble: {
      if (type.arrow_type->id() != arrow::Type::STRING) {
        double value = 0;
        return cursor_.ReadFixed(&value) && Take<arrow::DoubleBuilder>(builder, value);
      }
      [[fallthrough]];
    }
    case AvroKind::kEnum:
      scratch_.clear();
      return AppendAvroText(type, cursor_, scratch_) && AppendText(builder, scratch_);
    case AvroKind::kBytes:
    case AvroKind::kString:
    case AvroKind::kFixed:
      return AppendBytes(type, builder);
    case AvroKind::kArray:
      return AppendList(type, builder);
    case AvroKind::kMap:
      scratch_.clear();
      return AppendAvroJson(type, cursor_, items_left_, scratch_) && AppendText(builder, scratch_);
    case AvroKind::kRecord:
      return AppendRecord(type, builder);
    case AvroKind::kUnion:
      return AppendUnion(type, builder);
  }
  return false;
}

}  // namespace

struct AvroDecoder::Column {
  std::unique_ptr<arrow::ArrayBuilder> builder;  // null: not wanted
};

AvroDecoder::AvroDecoder(std::shared_ptr<const AvroType> record, SchemaPtr schema)
    : record_(std::move(record)), schema_(std::move(schema)) {}

AvroDecoder::~AvroDecoder() = default;

Result<std::unique_ptr<AvroDecoder>> AvroDecoder::Make(std::shared_ptr<const AvroType> record,
                                                       const std::set<std::string>& columns) {
  arrow::FieldVector fields;
  std::vector<Column> made;
  for (size_t at = 0; at < record->children.size(); ++at) {
    Column column;
    if (columns.empty() || columns.contains(record->names[at])) {
      const DataTypePtr& type = record->children[at]->arrow_type;
      MR_ARROW_ASSIGN_OR_RETURN(column.builder, arrow::MakeBuilder(StorageType(type)),
                                "making a column");
      fields.push_back(arrow::field(record->names[at], type));
    }
    made.push_back(std::move(column));
  }
  std::unique_ptr<AvroDecoder> decoder(
      new AvroDecoder(std::move(record), arrow::schema(std::move(fields))));
  decoder->columns_ = std::move(made);
  return decoder;
}

Status AvroDecoder::Append(AvroCursor& cursor) {
  for (size_t at = 0; at < columns_.size(); ++at) {
    ValueAppender appender(cursor, record_->names[at], rows_, changes_);
    const AvroType& type = *record_->children[at];
    arrow::ArrayBuilder* const builder = columns_[at].builder.get();
    if (builder == nullptr ? !appender.Skip(type) : !appender.Append(type, *builder)) {
      return appender.failure();
    }
  }
  ++rows_;
  return Status::Ok();
}

Result<ChangeBatch> AvroDecoder::Finish() {
  arrow::ArrayVector arrays;
  for (Column& column : columns_) {
    if (column.builder == nullptr) continue;
    std::shared_ptr<arrow::Array> array;
    MR_ARROW_RETURN_IF_ERROR(column.builder->Finish(&array), "finishing a column");
    const auto& type = schema_->field(static_cast<int>(arrays.size()))->type();
    arrays.push_back(arrow::MakeArray(Retyped(*array->data(), type)));
  }
  ChangeBatch batch;
  batch.rows = arrow::RecordBatch::Make(schema_, std::exchange(rows_, 0), std::move(arrays));
  batch.changes = std::exchange(changes_, {});
  return batch;
}

}  // namespace millrace
