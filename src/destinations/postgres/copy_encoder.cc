#include "destinations/postgres/copy_encoder.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/float16.h>

#include <bit>
#include <string_view>

#include "clients/postgres/pg_epoch.h"
#include "connector/meta_column.h"
#include "destinations/postgres/wire_bytes.h"
#include "destinations/postgres/wire_digits.h"
#include "formats/json_encoder.h"

namespace millrace {

/// How a value gets its bytes.
enum class CopyWireForm : uint8_t {
  kNull,
  kBool,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kUint8,
  kUint16,
  kUint32,
  kUint64,
  kFloat,
  kDouble,
  kDate32,
  kDate64,
  kTime,
  kTimestamp,
  kText,
  kLargeText,
  kJson,
  kLargeJson,
  kFixedBytes,
  kDecimal128,
  kDecimal256,
  kNumber,
  kMeta,
};

namespace {

constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0", 11);
constexpr int32_t kInt4Oid = 23;
constexpr char kJsonbVersion = 1;

int64_t MicrosMultiplier(arrow::TimeUnit::type unit) {
  return unit == arrow::TimeUnit::SECOND ? 1'000'000 : unit == arrow::TimeUnit::MILLI ? 1'000 : 1;
}

int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

void AppendBytes(std::string_view bytes, std::string& out) {
  AppendInt32(static_cast<int32_t>(bytes.size()), out);
  out.append(bytes);
}

void AppendJsonb(std::string_view json, std::string& out) {
  AppendInt32(static_cast<int32_t>(json.size() + 1), out);
  out += kJsonbVersion;
  out.append(json);
}

void AppendDouble(double value, std::string& out) {
  AppendInt64Field(std::bit_cast<int64_t>(value), out);
}

}  // namespace

struct CopyEncoder::Column {
  CopyWireForm wire = CopyWireForm::kNull;
  std::shared_ptr<arrow::Array> array;
  const uint8_t* validity = nullptr;  // null: all valid
  int64_t offset = 0;                 // of the array in its buffers
  const void* values = nullptr;       // its second buffer, not yet moved by `offset`
  int scale = 0;                      // of decimals
  int64_t multiplier = 1;             // times and timestamps: to microseconds
  int64_t divisor = 1;

  template <typename T>
  T At(int64_t row) const {
    return static_cast<const T*>(values)[offset + row];
  }
};

namespace {

Result<CopyWireForm> WireOf(const arrow::Field& field, const arrow::Array& array) {
  if (field.name() == kMetaColumn && array.type()->Equals(*meta_type())) return CopyWireForm::kMeta;
  switch (array.type_id()) {
    case arrow::Type::NA:
      return CopyWireForm::kNull;
    case arrow::Type::BOOL:
      return CopyWireForm::kBool;
    case arrow::Type::INT8:
      return CopyWireForm::kInt8;
    case arrow::Type::INT16:
      return CopyWireForm::kInt16;
    case arrow::Type::INT32:
      return CopyWireForm::kInt32;
    case arrow::Type::INT64:
      return CopyWireForm::kInt64;
    case arrow::Type::UINT8:
      return CopyWireForm::kUint8;
    case arrow::Type::UINT16:
      return CopyWireForm::kUint16;
    case arrow::Type::UINT32:
      return CopyWireForm::kUint32;
    case arrow::Type::UINT64:
      return CopyWireForm::kUint64;
    case arrow::Type::FLOAT:
      return CopyWireForm::kFloat;
    case arrow::Type::DOUBLE:
      return CopyWireForm::kDouble;
    case arrow::Type::DATE32:
      return CopyWireForm::kDate32;
    case arrow::Type::DATE64:
      return CopyWireForm::kDate64;
    case arrow::Type::TIME32:
    case arrow::Type::TIME64:
      return CopyWireForm::kTime;
    case arrow::Type::TIMESTAMP:
      return CopyWireForm::kTimestamp;
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return CopyWireForm::kText;
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return CopyWireForm::kLargeText;
    case arrow::Type::FIXED_SIZE_BINARY:
      return CopyWireForm::kFixedBytes;
    case arrow::Type::DECIMAL128:
      return CopyWireForm::kDecimal128;
    case arrow::Type::DECIMAL256:
      return CopyWireForm::kDecimal256;
    default:
      return SystemError("column {}: the type {} has no form that PostgreSQL reads", field.name(),
                         array.type()->ToString());
  }
}

}  // namespace

CopyEncoder::CopyEncoder(const std::vector<TargetColumn>& columns, const RowMarks& marks)
    : marks_(marks), table_(columns) {}

CopyEncoder::~CopyEncoder() = default;

void CopyEncoder::AppendHeader(std::string& out) {
  out.append(kSignature);
  AppendInt32(0, out);  // flags
  AppendInt32(0, out);  // length of the header's extension
}

void CopyEncoder::AppendTrailer(std::string& out) { AppendInt16(-1, out); }

Status CopyEncoder::Begin(const arrow::RecordBatch& rows, const ChangeBatch& batch) {
  columns_.clear();
  batch_ = &batch;
  for (int i = 0; i < rows.num_columns(); ++i) {
    Column column;
    column.array = rows.column(i);
    MR_ASSIGN_OR_RETURN(column.wire, WireOf(*rows.schema()->field(i), *column.array));
    const bool text = column.wire == CopyWireForm::kText || column.wire == CopyWireForm::kLargeText;
    const TableColumnType::Kind kind = table_.at(static_cast<size_t>(i)).type.kind;
    if (text && kind == TableColumnType::Kind::kNumeric) {
      column.wire = CopyWireForm::kNumber;
    } else if (text && kind == TableColumnType::Kind::kJsonb) {
      column.wire =
          column.wire == CopyWireForm::kText ? CopyWireForm::kJson : CopyWireForm::kLargeJson;
    }
    const arrow::ArrayData& data = *column.array->data();
    column.offset = data.offset;
    if (column.array->null_count() > 0 && data.buffers[0] != nullptr) {
      column.validity = data.buffers[0]->data();
    }
    if (data.buffers.size() > 1 && data.buffers[1] != nullptr) {
      column.values = data.buffers[1]->data();
    }
    if (arrow::is_decimal(column.array->type_id())) {
      column.scale = static_cast<const arrow::DecimalType&>(*column.array->type()).scale();
    }
    if (column.wire == CopyWireForm::kTime || column.wire == CopyWireForm::kTimestamp) {
      const auto unit =
          column.wire == CopyWireForm::kTime
              ? static_cast<const arrow::TimeType&>(*column.array->type()).unit()
              : static_cast<const arrow::TimestampType&>(*column.array->type()).unit();
      column.multiplier = MicrosMultiplier(unit);
      column.divisor = unit == arrow::TimeUnit::NANO ? 1000 : 1;
    }
    columns_.push_back(std::move(column));
  }
  return Status::Ok();
}

void CopyEncoder::AppendRow(int64_t row, int64_t sequence, int64_t change, std::string& out) {
  const size_t count =
      columns_.size() + (marks_.sequence ? 1 : 0) + (marks_.unsent ? 1 : 0) + (marks_.sets ? 2 : 0);
  AppendInt16(static_cast<int16_t>(count), out);
  for (const Column& column : columns_) {
    if (column.validity != nullptr &&
        !arrow::bit_util::GetBit(column.validity, column.offset + row)) {
      AppendInt32(-1, out);
    } else {
      AppendValue(column, row, out);
    }
  }
  if (marks_.sequence) AppendInt64Field(sequence, out);
  if (marks_.unsent) AppendUnsent(row, out);
  if (marks_.sets) {
    const ReplacedSets* sets = batch_->replaces.get();
    AppendInt64Field(change, out);
    AppendInt32(1, out);
    out += sets != nullptr && sets->empty->Value(row) ? '\1' : '\0';
  }
}

void CopyEncoder::AppendValue(const Column& column, int64_t row, std::string& out) {
  switch (column.wire) {
    case CopyWireForm::kNull:
      return AppendInt32(-1, out);
    case CopyWireForm::kBool:
      AppendInt32(1, out);
      out +=
          arrow::bit_util::GetBit(static_cast<const uint8_t*>(column.values), column.offset + row)
              ? '\1'
              : '\0';
      return;
    case CopyWireForm::kInt8:
      return AppendInt64Field(column.At<int8_t>(row), out);
    case CopyWireForm::kInt16:
      return AppendInt64Field(column.At<int16_t>(row), out);
    case CopyWireForm::kInt32:
      return AppendInt64Field(column.At<int32_t>(row), out);
    case CopyWireForm::kInt64:
      return AppendInt64Field(column.At<int64_t>(row), out);
    case CopyWireForm::kUint8:
      return AppendInt64Field(column.At<uint8_t>(row), out);
    case CopyWireForm::kUint16:
      return AppendInt64Field(column.At<uint16_t>(row), out);
    case CopyWireForm::kUint32:
      return AppendInt64Field(column.At<uint32_t>(row), out);
    case CopyWireForm::kUint64:
      AppendNumeric(std::to_string(column.At<uint64_t>(row)), out);
      return;
    case CopyWireForm::kFloat:
      return AppendDouble(static_cast<double>(column.At<float>(row)), out);
    case CopyWireForm::kDouble:
      return AppendDouble(column.At<double>(row), out);
    case CopyWireForm::kDate32:
      AppendInt32(4, out);
      return AppendInt32(static_cast<int32_t>(column.At<int32_t>(row) - kPgEpochDays), out);
    case CopyWireForm::kDate64:
      AppendInt32(4, out);
      return AppendInt32(
          static_cast<int32_t>(FloorDivide(column.At<int64_t>(row), 86'400'000) - kPgEpochDays),
          out);
    case CopyWireForm::kTime: {
      const int64_t value = column.array->type_id() == arrow::Type::TIME32
                                ? column.At<int32_t>(row)
                                : column.At<int64_t>(row);
      return AppendInt64Field(value * column.multiplier / column.divisor, out);
    }
    case CopyWireForm::kTimestamp: {
      const int64_t value = column.At<int64_t>(row) * column.multiplier;
      return AppendInt64Field(
          (column.divisor == 1 ? value : FloorDivide(value, column.divisor)) - kPgEpochMicros, out);
    }
    case CopyWireForm::kText:
      return AppendBytes(static_cast<const arrow::BinaryArray&>(*column.array).GetView(row), out);
    case CopyWireForm::kLargeText:
      return AppendBytes(static_cast<const arrow::LargeBinaryArray&>(*column.array).GetView(row),
                         out);
    case CopyWireForm::kJson:
      return AppendJsonb(static_cast<const arrow::BinaryArray&>(*column.array).GetView(row), out);
    case CopyWireForm::kLargeJson:
      return AppendJsonb(static_cast<const arrow::LargeBinaryArray&>(*column.array).GetView(row),
                         out);
    case CopyWireForm::kFixedBytes:
      return AppendBytes(
          static_cast<const arrow::FixedSizeBinaryArray&>(*column.array).GetView(row), out);
    case CopyWireForm::kDecimal128:
      return AppendNumeric(
          arrow::Decimal128(
              static_cast<const arrow::Decimal128Array&>(*column.array).GetValue(row)),
          column.scale, out);
    case CopyWireForm::kDecimal256: {
      const arrow::Decimal256 value(
          static_cast<const arrow::Decimal256Array&>(*column.array).GetValue(row));
      AppendNumeric(PlainDecimal(value.ToIntegerString(), column.scale), out);
      return;
    }
    case CopyWireForm::kNumber:
      AppendNumeric(static_cast<const arrow::BinaryArray&>(*column.array).GetView(row), out);
      return;
    case CopyWireForm::kMeta:
      return AppendMeta(column, row, out);
  }
}

void CopyEncoder::AppendMeta(const Column& column, int64_t row, std::string& out) {
  const auto& meta = static_cast<const arrow::StructArray&>(*column.array);
  // Children of a slice begin where the parent's buffers do.
  const arrow::ArrayData& data = *meta.data();
  const arrow::ArrayData& sync = *data.child_data[0];
  const arrow::ArrayData& changes = *data.child_data[1];
  const int64_t sync_id = sync.GetValues<int64_t>(1)[data.offset + row];
  const auto* offsets = changes.GetValues<int32_t>(1) + data.offset + row;
  if (offsets[0] == offsets[1]) {
    if (plain_meta_.empty() || sync_id != plain_sync_id_) {
      std::string json;
      AppendJsonValue(meta, row, json);
      plain_meta_.clear();
      AppendJsonb(json, plain_meta_);
      plain_sync_id_ = sync_id;
    }
    out.append(plain_meta_);
    return;
  }
  std::string json;
  AppendJsonValue(meta, row, json);
  AppendJsonb(json, out);
}

void CopyEncoder::AppendUnsent(int64_t row, std::string& out) const {
  std::vector<int32_t> unsent;
  for (size_t c = 0; c < batch_->unchanged.columns.size(); ++c) {
    const auto& mask = batch_->unchanged.columns[c];
    if (mask != nullptr && mask->IsValid(row) && mask->Value(row)) {
      unsent.push_back(static_cast<int32_t>(c));
    }
  }
  if (unsent.empty()) return AppendInt32(-1, out);
  AppendInt32(static_cast<int32_t>(20 + 8 * unsent.size()), out);
  AppendInt32(1, out);  // dimensions
  AppendInt32(0, out);  // no nulls
  AppendInt32(kInt4Oid, out);
  AppendInt32(static_cast<int32_t>(unsent.size()), out);
  AppendInt32(1, out);  // counted from
  for (const int32_t column : unsent) {
    AppendInt32(4, out);
    AppendInt32(column, out);
  }
}

}  // namespace millrace
