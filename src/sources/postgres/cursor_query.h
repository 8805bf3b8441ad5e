#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "clients/postgres/pg_connection.h"
#include "protocol/catalog.h"
#include "sources/postgres/table.h"
#include "sources/postgres/wire_value.h"

namespace millrace {

/// The stream's cursor column. Config error, with the columns that could be one, when it is not
/// configured, not there, or of a type without an order that the server and its text share.
Result<TableColumn> FindCursorColumn(const ConfiguredStream& stream, const PostgresTable& table);

/// A wire value of the column as text that the server reads back as the same value, at full
/// precision: what states hold. System error when it is no value of the type.
Result<std::string> CursorText(const ColumnType& type, const WireField& field);

/// 'text'::type: the value as an SQL constant.
std::string CursorConstant(const TableColumn& column, const std::string& text);

/// Any text of the value (Airbyte's, an older one's) as CursorText writes it. Config error when the
/// server can't read it.
Result<std::string> CanonicalCursor(PgConnection& connection, const TableColumn& column,
                                    const std::string& text, std::stop_token stop);

/// Up to where a sync goes.
struct CursorBounds {
  /// The greatest finite value; absent when there is none.
  std::optional<std::string> max;
  /// Rows that never come: without a cursor, or with one that is infinite or NaN.
  int64_t rows_without_cursor = 0;
};
Result<CursorBounds> ReadCursorBounds(PgConnection& connection, const PostgresTable& table,
                                      const TableColumn& column, std::stop_token stop);

/// How many rows have this value.
Result<int64_t> CountAtCursor(PgConnection& connection, const PostgresTable& table,
                              const TableColumn& column, const std::string& text,
                              std::stop_token stop);

}  // namespace millrace
