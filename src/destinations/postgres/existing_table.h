#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clients/postgres/pg_connection.h"
#include "destinations/postgres/column_type.h"
#include "destinations/postgres/table_name.h"

namespace millrace {

/// A column to be made.
struct TargetColumn {
  std::string name;
  TableColumnType type;
  bool required = false;  ///< NOT NULL where the table is made
};

/// A table as the server's catalog has it now. A plain value.
struct ExistingTable {
  struct Column {
    std::string name;
    TableColumnType type;
    bool not_null = false;
    bool has_default = false;
  };

  uint32_t oid = 0;
  char kind = 'r';  ///< relkind: 'r' is an ordinary table
  std::vector<Column> columns;

  const Column* Find(std::string_view name) const;
};

/// Nothing when there is no relation of that name.
Result<std::optional<ExistingTable>> FindTable(PgConnection& connection, const TableName& name);

/// The same; a system error when there is none.
Result<ExistingTable> RequireTable(PgConnection& connection, const TableName& name);

/// The schema, unless it is there.
Status EnsureSchema(PgConnection& connection, const std::string& schema);

/// "name" type, …: the body of CREATE TABLE.
std::string ColumnDefinitions(const std::vector<TargetColumn>& columns);

/// Whose table it is decides what may be done to it.
enum class Ownership {
  kOurs,     ///< made by a sync: columns may be widened
  kForeign,  ///< made by somebody else: only used when its columns fit as they are
};

/// Makes the table hold every value of `columns`: adds those that it lacks, widens those that are
/// too narrow, allows null in others. Config error when a column can't be brought to it. Returns
/// the table as it is then. `*rewritten` when the server had to write every row anew.
Result<ExistingTable> EvolveTable(PgConnection& connection, const TableName& name,
                                  const ExistingTable& table,
                                  const std::vector<TargetColumn>& columns, Ownership ownership,
                                  bool* rewritten);

}  // namespace millrace
