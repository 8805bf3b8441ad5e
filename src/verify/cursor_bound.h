#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "verify/value_hash.h"

namespace millrace {

/// Where a row stands against the saved cursor.
enum class CursorSide : uint8_t { kWithin, kBeyond, kNull };

/// The cursor up to which a stream was copied, comparable with a column's values. A plain value.
class CursorBound {
 public:
  /// Nothing when values of this kind have an order that only the source knows (text), or when the
  /// text is no such value.
  static std::optional<CursorBound> Parse(const std::string& text, ValueKind kind);

  /// Replaces `sides` by one a value.
  void Compare(const arrow::Array& column, std::vector<CursorSide>* sides) const;

 private:
  ValueKind kind_ = ValueKind::kNumber;
  /// Microseconds or days; numbers as long doubles, which hold every int64 and keep the order of
  /// all others.
  long double value_ = 0;
};

/// A value as something that has its order; nothing when it is null or has none here.
std::optional<long double> OrderOf(const arrow::Array& column, int64_t row, ValueKind kind);

}  // namespace millrace
