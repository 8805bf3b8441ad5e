#include "sources/postgres/type_mapping.h"

#include <arrow/type.h>

#include <algorithm>
#include <optional>

#include "connector/number_type.h"

namespace millrace {
namespace {

enum class Target : uint8_t {
  kBool,
  kInt64,
  kDouble,
  kDate,
  kTime,
  kTimestamp,
  kInstant,
  kText,
  kBinary
};

struct TypeRule {
  uint32_t oid;  // of pg_catalog: the same in every server
  WireKind kind;
  Target target;
  bool may_lose_values;
  bool cursor;  // ordered, and its text form reads back as the same value
};

// Base types read in their binary form. numeric and money are apart, below.
constexpr TypeRule kRules[] = {
    {16, WireKind::kBool, Target::kBool, false, false},
    {21, WireKind::kInt2, Target::kInt64, false, true},
    {23, WireKind::kInt4, Target::kInt64, false, true},
    {20, WireKind::kInt8, Target::kInt64, false, true},
    {26, WireKind::kOid, Target::kInt64, false, true},
    {700, WireKind::kFloat4, Target::kDouble, true, true},
    {701, WireKind::kFloat8, Target::kDouble, true, true},
    {1082, WireKind::kDate, Target::kDate, true, true},
    {1083, WireKind::kTime, Target::kTime, true, true},
    {1114, WireKind::kTimestamp, Target::kTimestamp, true, true},
    {1184, WireKind::kTimestamp, Target::kInstant, true, true},
    {25, WireKind::kText, Target::kText, false, true},    // text
    {1043, WireKind::kText, Target::kText, false, true},  // varchar
    {1042, WireKind::kText, Target::kText, false, true},  // char(n)
    {19, WireKind::kText, Target::kText, false, true},    // name
    {114, WireKind::kText, Target::kText, false, false},  // json
    {3802, WireKind::kJsonb, Target::kText, false, false},
    {2950, WireKind::kUuid, Target::kText, false, true},
    {869, WireKind::kInet, Target::kText, false, false},  // inet
    {650, WireKind::kInet, Target::kText, false, false},  // cidr
    {17, WireKind::kBytes, Target::kBinary, false, false},
};

constexpr uint32_t kNumericOid = 1700;
constexpr uint32_t kMoneyOid = 790;
constexpr int kInt64Digits = 18;
constexpr int kDecimal128Digits = 38;
constexpr int kDecimal256Digits = 76;

std::shared_ptr<arrow::DataType> ArrowTypeOfTarget(Target target) {
  switch (target) {
    case Target::kBool:
      return arrow::boolean();
    case Target::kInt64:
      return arrow::int64();
    case Target::kDouble:
      return arrow::float64();
    case Target::kDate:
      return arrow::date32();
    case Target::kTime:
      return arrow::time64(arrow::TimeUnit::MICRO);
    case Target::kTimestamp:
      return arrow::timestamp(arrow::TimeUnit::MICRO);
    case Target::kInstant:
      return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case Target::kText:
      return arrow::utf8();
    case Target::kBinary:
      return arrow::binary();
  }
  return arrow::utf8();
}

ColumnType Decimal(int precision, int scale) {
  ColumnType type;
  type.precision = precision;
  type.scale = scale;
  type.may_lose_values = true;
  if (scale == 0 && precision <= kInt64Digits) {
    type.kind = WireKind::kNumericInt64;
    type.arrow = arrow::int64();
  } else if (precision <= kDecimal128Digits) {
    type.kind = precision <= kInt64Digits ? WireKind::kDecimal64 : WireKind::kDecimal128;
    type.arrow = arrow::decimal128(precision, scale);
  } else if (precision <= kDecimal256Digits) {
    type.kind = WireKind::kDecimal256;
    type.arrow = arrow::decimal256(precision, scale);
  } else {
    type.kind = WireKind::kNumericText;
    type.arrow = number();
  }
  return type;
}

ColumnType NumericColumn(int32_t modifier) {
  constexpr int kModifierOffset = 4;
  if (modifier < kModifierOffset) {
    ColumnType type;
    type.kind = WireKind::kNumericText;
    type.arrow = number();
    type.may_lose_values = true;
    return type;
  }
  const int packed = modifier - kModifierOffset;
  int precision = (packed >> 16) & 0xFFFF;
  int scale = ((packed & 0x7FF) ^ 1024) - 1024;  // 11 bits, signed
  // numeric(2,-3) holds up to 99000: five digits; numeric(2,5) up to 0.00099: five after the point.
  if (scale < 0) {
    precision -= scale;
    scale = 0;
  }
  return Decimal(std::max(precision, scale), scale);
}

/// The type beneath domains, with the modifier that counts.
PgColumnType WithoutDomains(PgColumnType column, const PgTypes& types, bool* was_domain) {
  *was_domain = false;
  constexpr int kDepthMax = 32;
  for (int i = 0; i < kDepthMax; ++i) {
    const auto found = types.find(column.oid);
    if (found == types.end() || found->second.kind != 'd') break;
    *was_domain = true;
    column.oid = found->second.base;
    column.modifier = found->second.modifier;
  }
  return column;
}

/// How the type is read in binary; nullopt: as the server's text.
std::optional<ColumnType> MapBinary(uint32_t oid, int32_t modifier, const PgTypes& types) {
  if (oid == kNumericOid) return NumericColumn(modifier);
  for (const TypeRule& rule : kRules) {
    if (rule.oid != oid) continue;
    ColumnType type;
    type.kind = rule.kind;
    type.arrow = ArrowTypeOfTarget(rule.target);
    type.may_lose_values = rule.may_lose_values;
    return type;
  }
  const auto found = types.find(oid);
  // An enum's binary form is its label; citext's is text's.
  if (found != types.end() && (found->second.kind == 'e' || found->second.name == "citext")) {
    ColumnType type;
    type.arrow = arrow::utf8();
    return type;
  }
  return std::nullopt;
}

bool MayBeCursor(uint32_t oid) {
  if (oid == kNumericOid) return true;
  return std::any_of(std::begin(kRules), std::end(kRules),
                     [&](const TypeRule& rule) { return rule.oid == oid && rule.cursor; });
}

ColumnType Text(const char* cast) {
  ColumnType type;
  type.arrow = arrow::utf8();
  type.cast = cast;
  return type;
}

ColumnType MapArray(uint32_t element_oid, int32_t modifier, bool multi_dimensional,
                    const PgTypes& types) {
  if (multi_dimensional) {
    // Its shape is kept as JSON, which has arrays in arrays.
    ColumnType type = Text(kCastToJson);
    type.arrow = json_text();
    return type;
  }
  bool was_domain = false;
  const PgColumnType element =
      WithoutDomains({element_oid, modifier, "", false}, types, &was_domain);
  ColumnType list;
  list.kind = WireKind::kList;
  auto binary = MapBinary(element.oid, element.modifier, types);
  if (!binary) {
    binary = Text("");
    list.cast = "::text[]";
  }
  list.element = std::make_shared<ColumnType>(*binary);
  list.arrow = arrow::list(arrow::field("element", binary->arrow));
  return list;
}

}  // namespace

ColumnType MapType(const PgColumnType& column, const PgTypes& types) {
  bool was_domain = false;
  const PgColumnType base = WithoutDomains(column, types, &was_domain);
  const auto found = types.find(base.oid);
  if (found != types.end() && found->second.is_array) {
    return MapArray(found->second.element, base.modifier, column.multi_dimensional, types);
  }
  if (base.oid == kMoneyOid) {
    // Only the server knows how many digits its locale gives the currency.
    ColumnType type = Decimal(19, 2);
    type.cast = "::pg_catalog.numeric";
    return type;
  }
  auto type = MapBinary(base.oid, base.modifier, types);
  if (!type) return Text("::text");
  const bool built_in = found == types.end() || found->second.schema == "pg_catalog";
  // A cast to the type it has anyway is dropped by the server's parser.
  if (!was_domain && built_in && !column.text.empty()) type->cast = "::" + column.text;
  if (MayBeCursor(base.oid) && (!was_domain || found != types.end())) {
    type->cursor_type = was_domain ? found->second.name : column.text;
  }
  return *type;
}

bool DomainForbidsNull(uint32_t oid, const PgTypes& types) {
  constexpr int kDepthMax = 32;
  for (int i = 0; i < kDepthMax; ++i) {
    const auto found = types.find(oid);
    if (found == types.end() || found->second.kind != 'd') return false;
    if (found->second.not_null) return true;
    oid = found->second.base;
  }
  return false;
}

}  // namespace millrace
