#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/check.h"

namespace millrace {

/// All that the metadata database holds: nothing, a whole number, or a text (JSON among them).
using SqlValue = std::variant<std::monostate, int64_t, std::string>;

/// A null when there is none.
inline SqlValue OrNull(const std::optional<int64_t>& value) {
  return value ? SqlValue(*value) : SqlValue();
}

/// One row of an answer; columns by position. A plain value.
class SqlRow {
 public:
  explicit SqlRow(std::vector<SqlValue> values) : values_(std::move(values)) {}

  const SqlValue& Value(size_t column) const { return values_.at(column); }
  bool IsNull(size_t column) const {
    return std::holds_alternative<std::monostate>(values_.at(column));
  }
  /// Requires a whole number, or a text of one: some engines give no type to what they computed.
  int64_t Integer(size_t column) const {
    const SqlValue& value = values_.at(column);
    if (const auto* integer = std::get_if<int64_t>(&value)) return *integer;
    MR_CHECK(std::holds_alternative<std::string>(value), "a column of numbers holds a null");
    return std::stoll(std::get<std::string>(value));
  }
  std::optional<int64_t> IntegerOrNone(size_t column) const {
    return IsNull(column) ? std::nullopt : std::optional(Integer(column));
  }
  /// Requires a text.
  const std::string& Text(size_t column) const {
    MR_CHECK(std::holds_alternative<std::string>(values_.at(column)), "a column holds no text");
    return std::get<std::string>(values_.at(column));
  }

 private:
  std::vector<SqlValue> values_;
};

}  // namespace millrace
