#include "verify/value_hash.h"

#include <arrow/array.h>
#include <arrow/extension_type.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include "connector/number_type.h"
#include "formats/base64.h"
#include "formats/iso_time.h"
#include "formats/json_encoder.h"
#include "base/hash.h"
#include "verify/json_hash.h"
#include "verify/number_hash.h"

namespace millrace {
namespace {

using arrow::Type;

constexpr uint64_t kTextSalt = 0x74657874;

/// Applies `hash` to each value that is not null.
template <typename Hash>
void ForEach(const arrow::Array& column, std::vector<uint64_t>* hashes, Hash hash) {
  for (int64_t row = 0; row < column.length(); ++row) {
    if (!column.IsNull(row)) (*hashes)[static_cast<size_t>(row)] = hash(row);
  }
}

template <typename ArrayType, typename Hash>
void ForEachValue(const arrow::Array& column, std::vector<uint64_t>* hashes, Hash hash) {
  const auto& values = static_cast<const ArrayType&>(column);
  ForEach(column, hashes, [&](int64_t row) { return hash(values.GetView(row)); });
}

template <typename ArrayType>
void HashIntegers(const arrow::Array& column, std::vector<uint64_t>* hashes) {
  ForEachValue<ArrayType>(column, hashes,
                          [](auto value) { return HashInteger(static_cast<int64_t>(value)); });
}

/// Text of either offset width.
template <typename Hash>
bool ForEachText(const arrow::Array& column, std::vector<uint64_t>* hashes, Hash hash) {
  switch (column.type_id()) {
    case Type::STRING:
    case Type::BINARY:
      ForEachValue<arrow::BinaryArray>(column, hashes, hash);
      return true;
    case Type::LARGE_STRING:
    case Type::LARGE_BINARY:
      ForEachValue<arrow::LargeBinaryArray>(column, hashes, hash);
      return true;
    default:
      return false;
  }
}

uint64_t TextHash(std::string_view text) { return MixWords(HashBytes(text), kTextSalt); }

int64_t MicrosPerUnit(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return 1'000'000;
    case arrow::TimeUnit::MILLI:
      return 1'000;
    default:
      return 1;
  }
}

/// Microseconds; of nanoseconds the value itself where they are no whole microseconds.
int64_t Micros(int64_t value, arrow::TimeUnit::type unit) {
  if (unit != arrow::TimeUnit::NANO) return value * MicrosPerUnit(unit);
  return value % 1000 == 0 ? value / 1000 : value;
}

bool HashNumbers(const arrow::Array& column, std::vector<uint64_t>* hashes) {
  switch (column.type_id()) {
    case Type::INT8:
      HashIntegers<arrow::Int8Array>(column, hashes);
      return true;
    case Type::INT16:
      HashIntegers<arrow::Int16Array>(column, hashes);
      return true;
    case Type::INT32:
      HashIntegers<arrow::Int32Array>(column, hashes);
      return true;
    case Type::INT64:
      HashIntegers<arrow::Int64Array>(column, hashes);
      return true;
    case Type::UINT8:
      HashIntegers<arrow::UInt8Array>(column, hashes);
      return true;
    case Type::UINT16:
      HashIntegers<arrow::UInt16Array>(column, hashes);
      return true;
    case Type::UINT32:
      HashIntegers<arrow::UInt32Array>(column, hashes);
      return true;
    case Type::FLOAT:
      ForEachValue<arrow::FloatArray>(
          column, hashes, [](float value) { return HashDouble(static_cast<double>(value)); });
      return true;
    case Type::DOUBLE:
      ForEachValue<arrow::DoubleArray>(column, hashes, HashDouble);
      return true;
    case Type::DECIMAL128: {
      const auto& values = static_cast<const arrow::Decimal128Array&>(column);
      const int32_t scale = static_cast<const arrow::Decimal128Type&>(*column.type()).scale();
      ForEach(column, hashes, [&](int64_t row) {
        const arrow::Decimal128 value(values.GetValue(row));
        const auto wide = (static_cast<UInt128>(value.high_bits()) << 64) |
                          static_cast<UInt128>(value.low_bits());
        return HashDecimal(static_cast<Int128>(wide), scale);
      });
      return true;
    }
    case Type::DECIMAL256: {
      const auto& values = static_cast<const arrow::Decimal256Array&>(column);
      ForEach(column, hashes, [&](int64_t row) {
        const auto hash = HashNumberText(values.FormatValue(row));
        return hash ? *hash : TextHash(values.FormatValue(row));
      });
      return true;
    }
    default:
      return ForEachText(column, hashes, [](std::string_view text) {
        const auto hash = HashNumberText(text);
        return hash ? *hash : TextHash(text);
      });
  }
}

bool HashMoments(const arrow::Array& column, ValueKind kind, std::vector<uint64_t>* hashes) {
  switch (column.type_id()) {
    case Type::DATE32:
      if (kind != ValueKind::kDate) return false;
      HashIntegers<arrow::Date32Array>(column, hashes);
      return true;
    case Type::TIMESTAMP: {
      if (kind != ValueKind::kTimestamp) return false;
      const auto unit = static_cast<const arrow::TimestampType&>(*column.type()).unit();
      ForEachValue<arrow::TimestampArray>(
          column, hashes, [unit](int64_t value) { return HashInteger(Micros(value, unit)); });
      return true;
    }
    case Type::TIME32:
    case Type::TIME64: {
      if (kind != ValueKind::kTime) return false;
      const auto unit = static_cast<const arrow::TimeType&>(*column.type()).unit();
      const auto hash = [unit](int64_t value) { return HashInteger(Micros(value, unit)); };
      if (column.type_id() == Type::TIME32) {
        ForEachValue<arrow::Time32Array>(column, hashes, hash);
      } else {
        ForEachValue<arrow::Time64Array>(column, hashes, hash);
      }
      return true;
    }
    default:
      return ForEachText(column, hashes, [kind](std::string_view text) {
        if (kind == ValueKind::kDate) {
          const auto days = ParseIsoDate(text);
          return days ? HashInteger(*days) : TextHash(text);
        }
        if (kind == ValueKind::kTime) {
          const auto micros = ParseIsoTime(text);
          return micros ? HashInteger(*micros) : TextHash(text);
        }
        const auto stamp = ParseIsoTimestamp(text);
        return stamp && stamp->exact ? HashInteger(stamp->micros) : TextHash(text);
      });
  }
}

bool HashBooleans(const arrow::Array& column, std::vector<uint64_t>* hashes) {
  if (column.type_id() == Type::BOOL) {
    ForEachValue<arrow::BooleanArray>(column, hashes, [](bool value) { return value ? 7U : 8U; });
    return true;
  }
  return ForEachText(column, hashes, [](std::string_view text) {
    return text == "true" ? 7U : text == "false" ? 8U : TextHash(text);
  });
}

bool HashBinaries(const arrow::Array& column, std::vector<uint64_t>* hashes) {
  if (column.type_id() == Type::FIXED_SIZE_BINARY) {
    ForEachValue<arrow::FixedSizeBinaryArray>(column, hashes, HashBytes);
    return true;
  }
  const bool base64 = column.type_id() == Type::STRING || column.type_id() == Type::LARGE_STRING;
  return ForEachText(column, hashes, [base64](std::string_view text) {
    std::string bytes;
    if (base64 && DecodeBase64(text, &bytes)) return HashBytes(bytes);
    return base64 ? TextHash(text) : HashBytes(text);
  });
}

}  // namespace

ValueKind ValueKindOf(const arrow::DataType& source_type) {
  if (IsNumber(source_type)) return ValueKind::kNumber;
  if (IsJsonText(source_type)) return ValueKind::kJson;
  switch (source_type.id()) {
    case Type::STRING:
    case Type::LARGE_STRING:
    case Type::NA:
      return ValueKind::kText;
    case Type::BOOL:
      return ValueKind::kBoolean;
    case Type::BINARY:
    case Type::LARGE_BINARY:
    case Type::FIXED_SIZE_BINARY:
      return ValueKind::kBytes;
    case Type::DATE32:
      return ValueKind::kDate;
    case Type::TIME32:
    case Type::TIME64:
      return ValueKind::kTime;
    case Type::TIMESTAMP:
      return ValueKind::kTimestamp;
    default:
      return arrow::is_numeric(source_type.id()) || arrow::is_decimal(source_type.id())
                 ? ValueKind::kNumber
                 : ValueKind::kJson;
  }
}

void HashValues(const arrow::Array& column, ValueKind kind, std::vector<uint64_t>* hashes) {
  if (column.type_id() == Type::EXTENSION) {
    return HashValues(*static_cast<const arrow::ExtensionArray&>(column).storage(), kind, hashes);
  }
  hashes->assign(static_cast<size_t>(column.length()), kNullHash);
  bool hashed = false;
  switch (kind) {
    case ValueKind::kNumber:
      hashed = HashNumbers(column, hashes);
      break;
    case ValueKind::kBoolean:
      hashed = HashBooleans(column, hashes);
      break;
    case ValueKind::kText:
      hashed = ForEachText(column, hashes, TextHash);
      break;
    case ValueKind::kBytes:
      hashed = HashBinaries(column, hashes);
      break;
    case ValueKind::kDate:
    case ValueKind::kTime:
    case ValueKind::kTimestamp:
      hashed = HashMoments(column, kind, hashes);
      break;
    case ValueKind::kJson:
      hashed = ForEachText(column, hashes, HashJson);
      break;
  }
  if (hashed) return;
  std::string text;
  ForEach(column, hashes, [&](int64_t row) {
    text.clear();
    AppendJsonValue(column, row, text);
    return kind == ValueKind::kJson ? HashJson(text) : TextHash(text);
  });
}

std::string ValueTextOf(const arrow::Array& column, int64_t row) {
  if (column.IsNull(row)) return "null";
  if (column.type_id() == Type::STRING) {
    return std::string(static_cast<const arrow::StringArray&>(column).GetView(row));
  }
  if (column.type_id() == Type::LARGE_STRING) {
    return std::string(static_cast<const arrow::LargeStringArray&>(column).GetView(row));
  }
  std::string text;
  AppendJsonValue(column, row, text);
  if (text.size() >= 2 && text.front() == '"' && column.type_id() != Type::EXTENSION) {
    text = text.substr(1, text.size() - 2);
  }
  return text;
}

}  // namespace millrace
