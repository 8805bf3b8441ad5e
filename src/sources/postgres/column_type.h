#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>

namespace millrace {

/// What one value looks like in COPY's binary format, and what becomes of it in Arrow.
enum class WireKind : uint8_t {
  kBool,
  kInt2,  // all integers become int64
  kInt4,
  kInt8,
  kOid,
  kFloat4,  // both floats become float64
  kFloat8,
  kNumericInt64,  // numeric(p,0), p ≤ 18
  kDecimal64,     // numeric(p,s), p ≤ 18, in decimal128 storage
  kDecimal128,
  kDecimal256,
  kNumericText,  // number()
  kDate,
  kTime,
  kTimestamp,
  kText,  // as the next ones
  kJsonb,
  kUuid,
  kInet,
  kBytes,
  kList,
};

/// A ColumnType's cast when the column is an array that is read as JSON text.
inline constexpr const char* kCastToJson = "json";

/// How a column (or the elements of an array) is read. A plain value.
struct ColumnType {
  WireKind kind = WireKind::kText;
  /// Of decimals and kNumericInt64: the digits there may be, and those after the point.
  int precision = 0;
  int scale = 0;
  std::shared_ptr<arrow::DataType> arrow;
  /// Of kList.
  std::shared_ptr<const ColumnType> element;

  /// Appended to the column in the SELECT list: "::text" where the server makes text of it, or the
  /// column's own type, which costs nothing and fails clearly when the type has changed since; or
  /// kCastToJson.
  std::string cast;
  /// The column's type as SQL names it, for constants compared with it; empty when it can't be a
  /// user cursor.
  std::string cursor_type;
  /// A value that is not NULL may become null (NaN, infinity, 24:00:00).
  bool may_lose_values = false;
};

}  // namespace millrace
