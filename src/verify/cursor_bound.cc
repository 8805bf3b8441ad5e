#include "verify/cursor_bound.h"

#include <arrow/array.h>
#include <arrow/extension_type.h>
#include <arrow/type.h>

#include <cmath>
#include <cstdlib>

#include "formats/iso_time.h"
#include "verify/number_hash.h"

namespace millrace {
namespace {

using arrow::Type;

std::optional<long double> OrderOfText(const std::string& text, ValueKind kind) {
  switch (kind) {
    case ValueKind::kNumber:
      if (!HashNumberText(text)) return std::nullopt;
      return std::strtold(text.c_str(), nullptr);
    case ValueKind::kDate: {
      const auto days = ParseIsoDate(text);
      return days ? std::optional<long double>(*days) : std::nullopt;
    }
    case ValueKind::kTimestamp: {
      const auto stamp = ParseIsoTimestamp(text);
      return stamp ? std::optional<long double>(stamp->micros) : std::nullopt;
    }
    default:
      return std::nullopt;
  }
}

long double InMicros(int64_t value, arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return static_cast<long double>(value) * 1'000'000;
    case arrow::TimeUnit::MILLI:
      return static_cast<long double>(value) * 1'000;
    case arrow::TimeUnit::NANO:
      return static_cast<long double>(value) / 1'000;
    default:
      return static_cast<long double>(value);
  }
}

}  // namespace

std::optional<long double> OrderOf(const arrow::Array& column, int64_t row, ValueKind kind) {
  if (column.IsNull(row)) return std::nullopt;
  switch (column.type_id()) {
    case Type::EXTENSION:
      return OrderOf(*static_cast<const arrow::ExtensionArray&>(column).storage(), row, kind);
    case Type::INT16:
      return static_cast<const arrow::Int16Array&>(column).Value(row);
    case Type::INT32:
      return static_cast<const arrow::Int32Array&>(column).Value(row);
    case Type::INT64:
      return static_cast<const arrow::Int64Array&>(column).Value(row);
    case Type::FLOAT:
      return static_cast<const arrow::FloatArray&>(column).Value(row);
    case Type::DOUBLE:
      return static_cast<const arrow::DoubleArray&>(column).Value(row);
    case Type::DATE32:
      return static_cast<const arrow::Date32Array&>(column).Value(row);
    case Type::TIMESTAMP:
      return InMicros(static_cast<const arrow::TimestampArray&>(column).Value(row),
                      static_cast<const arrow::TimestampType&>(*column.type()).unit());
    case Type::DECIMAL128:
      return OrderOfText(static_cast<const arrow::Decimal128Array&>(column).FormatValue(row), kind);
    case Type::DECIMAL256:
      return OrderOfText(static_cast<const arrow::Decimal256Array&>(column).FormatValue(row), kind);
    case Type::STRING:
      return OrderOfText(static_cast<const arrow::StringArray&>(column).GetString(row), kind);
    default:
      return std::nullopt;
  }
}

std::optional<CursorBound> CursorBound::Parse(const std::string& text, ValueKind kind) {
  const auto value = OrderOfText(text, kind);
  if (!value || std::isnan(*value)) return std::nullopt;
  CursorBound bound;
  bound.kind_ = kind;
  bound.value_ = *value;
  return bound;
}

void CursorBound::Compare(const arrow::Array& column, std::vector<CursorSide>* sides) const {
  sides->resize(static_cast<size_t>(column.length()));
  for (int64_t row = 0; row < column.length(); ++row) {
    const auto order = OrderOf(column, row, kind_);
    (*sides)[static_cast<size_t>(row)] = !order            ? CursorSide::kNull
                                         : *order > value_ ? CursorSide::kBeyond
                                                           : CursorSide::kWithin;
  }
}

}  // namespace millrace
