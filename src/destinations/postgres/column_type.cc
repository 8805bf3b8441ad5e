#include "destinations/postgres/column_type.h"

#include <arrow/type.h>

#include <algorithm>
#include <charconv>

#include "connector/number_type.h"

namespace millrace {
namespace {

using Kind = TableColumnType::Kind;

struct KindName {
  Kind kind;
  std::string_view text;
};

constexpr KindName kKindNames[] = {
    {Kind::kBoolean, "boolean"},
    {Kind::kSmallint, "smallint"},
    {Kind::kInteger, "integer"},
    {Kind::kBigint, "bigint"},
    {Kind::kReal, "real"},
    {Kind::kDouble, "double precision"},
    {Kind::kNumeric, "numeric"},
    {Kind::kDate, "date"},
    {Kind::kTime, "time without time zone"},
    {Kind::kTimestamp, "timestamp without time zone"},
    {Kind::kTimestamptz, "timestamp with time zone"},
    {Kind::kText, "character varying"},
    {Kind::kText, "text"},
    {Kind::kBytea, "bytea"},
    {Kind::kJsonb, "jsonb"},
};

struct TypeRule {
  arrow::Type::type arrow;
  Kind kind;
};

constexpr TypeRule kTypeRules[] = {
    {arrow::Type::NA, Kind::kText},
    {arrow::Type::BOOL, Kind::kBoolean},
    {arrow::Type::INT8, Kind::kBigint},
    {arrow::Type::INT16, Kind::kBigint},
    {arrow::Type::INT32, Kind::kBigint},
    {arrow::Type::INT64, Kind::kBigint},
    {arrow::Type::UINT8, Kind::kBigint},
    {arrow::Type::UINT16, Kind::kBigint},
    {arrow::Type::UINT32, Kind::kBigint},
    {arrow::Type::FLOAT, Kind::kDouble},
    {arrow::Type::DOUBLE, Kind::kDouble},
    {arrow::Type::DATE32, Kind::kDate},
    {arrow::Type::DATE64, Kind::kDate},
    {arrow::Type::TIME32, Kind::kTime},
    {arrow::Type::TIME64, Kind::kTime},
    {arrow::Type::STRING, Kind::kText},
    {arrow::Type::LARGE_STRING, Kind::kText},
    {arrow::Type::BINARY, Kind::kBytea},
    {arrow::Type::LARGE_BINARY, Kind::kBytea},
    {arrow::Type::FIXED_SIZE_BINARY, Kind::kBytea},
    {arrow::Type::LIST, Kind::kJsonb},
    {arrow::Type::LARGE_LIST, Kind::kJsonb},
    {arrow::Type::FIXED_SIZE_LIST, Kind::kJsonb},
    {arrow::Type::STRUCT, Kind::kJsonb},
    {arrow::Type::MAP, Kind::kJsonb},
};

/// The place of a type among those that hold each other's values; 0: none.
int RankAmongIntegers(Kind kind) {
  return kind == Kind::kSmallint ? 1 : kind == Kind::kInteger ? 2 : kind == Kind::kBigint ? 3 : 0;
}
int RankAmongTimes(Kind kind) {
  return kind == Kind::kDate          ? 1
         : kind == Kind::kTimestamp   ? 2
         : kind == Kind::kTimestamptz ? 3
                                      : 0;
}
bool IsFloat(Kind kind) { return kind == Kind::kReal || kind == Kind::kDouble; }

TableColumnType JoinNumerics(const TableColumnType& have, const TableColumnType& want) {
  // A number without a limit holds everything, and no other type holds its values.
  const auto digits = [](const TableColumnType& type) {
    return type.kind == Kind::kNumeric ? type.precision - type.scale : 19;
  };
  const auto unlimited = [](const TableColumnType& type) {
    return IsFloat(type.kind) || (type.kind == Kind::kNumeric && type.precision == 0);
  };
  if (have.kind == Kind::kNumeric && have.precision == 0) return have;
  if (unlimited(have) || unlimited(want)) return TableColumnType::Numeric(0, 0);
  const int scale = std::max(have.scale, want.scale);
  const int precision = std::max(digits(have), digits(want)) + scale;
  if (have.kind == Kind::kNumeric && precision == have.precision && scale == have.scale) {
    return have;
  }
  return TableColumnType::Numeric(precision, scale);
}

}  // namespace

TableColumnType TableColumnType::Of(Kind kind) {
  TableColumnType type;
  type.kind = kind;
  for (const KindName& name : kKindNames) {
    if (name.kind == kind) {
      type.text = name.text;
      break;
    }
  }
  return type;
}

TableColumnType TableColumnType::Numeric(int precision, int scale) {
  TableColumnType type = Of(Kind::kNumeric);
  if (precision == 0) return type;
  type.precision = precision;
  type.scale = scale;
  type.text = fmt::format("numeric({},{})", precision, scale);
  return type;
}

TableColumnType TableColumnType::Parse(std::string_view text) {
  TableColumnType type;
  type.kind = Kind::kOther;
  type.text = text;
  for (const KindName& name : kKindNames) {
    if (name.text == text) type.kind = name.kind;
  }
  constexpr std::string_view kNumericWithLimits = "numeric(";
  if (text.starts_with(kNumericWithLimits)) {
    type.kind = Kind::kNumeric;
    const char* const end = text.data() + text.size();
    const auto [rest, error] =
        std::from_chars(text.data() + kNumericWithLimits.size(), end, type.precision);
    if (error == std::errc() && rest < end && *rest == ',') {
      std::from_chars(rest + 1, end, type.scale);
    }
  }
  if (text.starts_with("character varying(") || text.starts_with("character(")) {
    type.kind = Kind::kLimitedText;
  }
  // Text is text, whichever way it is spelled.
  if (type.kind == Kind::kText) type.text = Of(Kind::kText).text;
  return type;
}

Result<TableColumnType> ColumnTypeOf(const arrow::DataType& type) {
  if (IsNumber(type)) return TableColumnType::Numeric(0, 0);
  if (IsJsonText(type)) return TableColumnType::Of(Kind::kJsonb);
  switch (type.id()) {
    case arrow::Type::UINT64:
      return TableColumnType::Numeric(20, 0);
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256: {
      const auto& decimal = static_cast<const arrow::DecimalType&>(type);
      const int scale = std::max(decimal.scale(), 0);
      return TableColumnType::Numeric(
          std::max(decimal.precision() - std::min(decimal.scale(), 0), scale), scale);
    }
    case arrow::Type::TIMESTAMP: {
      const bool zoned = !static_cast<const arrow::TimestampType&>(type).timezone().empty();
      return TableColumnType::Of(zoned ? Kind::kTimestamptz : Kind::kTimestamp);
    }
    default:
      break;
  }
  for (const TypeRule& rule : kTypeRules) {
    if (rule.arrow == type.id()) return TableColumnType::Of(rule.kind);
  }
  return SystemError("the type {} has no counterpart in PostgreSQL", type.ToString());
}

TableColumnType JoinTypes(const TableColumnType& have, const TableColumnType& want) {
  if (have == want || have.kind == Kind::kText || have.kind == Kind::kOther) return have;
  const int have_integer = RankAmongIntegers(have.kind);
  const int want_integer = RankAmongIntegers(want.kind);
  if (have_integer != 0 && want_integer != 0) return have_integer < want_integer ? want : have;
  const auto numeric = [](const TableColumnType& type) {
    return type.kind == Kind::kNumeric || IsFloat(type.kind) || RankAmongIntegers(type.kind) != 0;
  };
  if (IsFloat(have.kind) && IsFloat(want.kind)) return TableColumnType::Of(Kind::kDouble);
  if (numeric(have) && numeric(want)) return JoinNumerics(have, want);
  const int have_time = RankAmongTimes(have.kind);
  const int want_time = RankAmongTimes(want.kind);
  if (have_time != 0 && want_time != 0) return have_time < want_time ? want : have;
  return TableColumnType::Of(Kind::kText);
}

std::string CastExpression(const std::string& value, const TableColumnType& from,
                           const TableColumnType& to) {
  if (from == to) return value;
  // The direct way keeps 15 digits only.
  if (IsFloat(from.kind) && to.kind == Kind::kNumeric) {
    return fmt::format("{}::text::{}", value, to.text);
  }
  return fmt::format("{}::{}", value, to.text);
}

}  // namespace millrace
