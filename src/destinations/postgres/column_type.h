#pragma once

#include <arrow/type_fwd.h>

#include <string>
#include <string_view>

#include "base/result.h"

namespace millrace {

/// A column's type in a table of the destination: what Arrow types become, and what is found in
/// tables that exist. A plain value. See TYPES.md.
struct TableColumnType {
  enum class Kind {
    kBoolean,
    kSmallint,  // this, kInteger, kReal and kLimitedText are only found, never made
    kInteger,
    kBigint,
    kReal,
    kDouble,
    kNumeric,
    kDate,
    kTime,
    kTimestamp,
    kTimestamptz,
    kText,
    kLimitedText,
    kBytea,
    kJsonb,
    kOther,  ///< nothing that rows could be written into
  };

  Kind kind = Kind::kText;
  int precision = 0;  ///< kNumeric: 0 means any number
  int scale = 0;
  std::string text = "character varying";  ///< as format_type() spells it

  static TableColumnType Of(Kind kind);
  static TableColumnType Numeric(int precision, int scale);
  /// From format_type(): "numeric(15,2)".
  static TableColumnType Parse(std::string_view text);

  bool operator==(const TableColumnType& other) const { return text == other.text; }
};

/// What a column of this Arrow type becomes. A system error names types that no source delivers.
Result<TableColumnType> ColumnTypeOf(const arrow::DataType& type);

/// The type that holds every value of both, `have` where it does already; text where nothing else
/// does. kOther stays what it is.
TableColumnType JoinTypes(const TableColumnType& have, const TableColumnType& want);

/// `value` (an SQL expression of the type `from`) as a value of `to`, which JoinTypes gave for it.
std::string CastExpression(const std::string& value, const TableColumnType& from,
                           const TableColumnType& to);

}  // namespace millrace
