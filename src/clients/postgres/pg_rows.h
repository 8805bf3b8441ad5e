#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct pg_result;

namespace millrace {

/// The rows that a query returned, all in memory: for catalogs and single values, never for a
/// table's records. Movable; one thread.
class PgRows {
 public:
  PgRows() = default;
  /// Takes `result` over.
  explicit PgRows(pg_result* result);

  int num_rows() const;
  int num_columns() const;
  /// Of an INSERT, UPDATE, DELETE or COPY: how many rows it touched; 0 for other statements.
  int64_t affected_rows() const;
  bool IsNull(int row, int column) const;
  /// The value as the server sent it (text, or the type's binary form); empty when null. Lives as
  /// long as this object.
  std::string_view Value(int row, int column) const;

  // Of a text result. A value that is not of that kind (or null) gives 0 or false.
  std::string Text(int row, int column) const { return std::string(Value(row, column)); }
  int64_t Int(int row, int column) const;
  bool Bool(int row, int column) const { return Value(row, column) == "t"; }

 private:
  std::shared_ptr<pg_result> result_;
};

}  // namespace millrace
