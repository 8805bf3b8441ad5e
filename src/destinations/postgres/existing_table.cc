#include "destinations/postgres/existing_table.h"

#include <algorithm>

#include "base/log.h"

namespace millrace {
namespace {

constexpr const char* kColumnsSql =
    "SELECT c.oid, c.relkind, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, "
    "a.atthasdef OR a.attidentity <> '' FROM pg_class c JOIN pg_namespace n ON n.oid = "
    "c.relnamespace LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT "
    "a.attisdropped WHERE n.nspname = $1 AND c.relname = $2 ORDER BY a.attnum";

Status RefuseColumn(const TableName& name, const ExistingTable::Column& column,
                    const TargetColumn& wanted) {
  return ConfigError(
      "table {}: column \"{}\" is of type {}, which does not hold {}; rename or drop the table or "
      "the column, or choose another schema",
      name.ToString(), column.name, column.type.text, wanted.type.text);
}

}  // namespace

const ExistingTable::Column* ExistingTable::Find(std::string_view name) const {
  const auto found = std::find_if(columns.begin(), columns.end(),
                                  [&](const Column& column) { return column.name == name; });
  return found == columns.end() ? nullptr : &*found;
}

Result<std::optional<ExistingTable>> FindTable(PgConnection& connection, const TableName& name) {
  MR_ASSIGN_OR_RETURN(const PgRows rows, connection.Query(kColumnsSql, {name.schema, name.name}));
  if (rows.num_rows() == 0) return std::optional<ExistingTable>();
  ExistingTable table;
  table.oid = static_cast<uint32_t>(rows.Int(0, 0));
  table.kind = rows.Value(0, 1).empty() ? '?' : rows.Value(0, 1)[0];
  for (int row = 0; row < rows.num_rows(); ++row) {
    if (rows.IsNull(row, 2)) continue;  // a table without columns
    table.columns.push_back({rows.Text(row, 2), TableColumnType::Parse(rows.Value(row, 3)),
                             rows.Bool(row, 4), rows.Bool(row, 5)});
  }
  return std::optional<ExistingTable>(std::move(table));
}

Result<ExistingTable> RequireTable(PgConnection& connection, const TableName& name) {
  MR_ASSIGN_OR_RETURN(auto table, FindTable(connection, name));
  if (!table) return SystemError("the table {} has gone", name.ToString());
  return *std::move(table);
}

Status EnsureSchema(PgConnection& connection, const std::string& schema) {
  MR_ASSIGN_OR_RETURN(const PgRows found,
                      connection.Query("SELECT 1 FROM pg_namespace WHERE nspname = $1", {schema}));
  if (found.num_rows() > 0) return Status::Ok();
  return connection.Execute("CREATE SCHEMA IF NOT EXISTS " + QuoteIdentifier(schema))
      .WithContext("creating the schema " + schema);
}

std::string ColumnDefinitions(const std::vector<TargetColumn>& columns) {
  std::string sql;
  for (const TargetColumn& column : columns) {
    if (!sql.empty()) sql += ", ";
    sql += QuoteIdentifier(column.name) + ' ' + column.type.text;
    if (column.required) sql += " NOT NULL";
  }
  return sql;
}

Result<ExistingTable> EvolveTable(PgConnection& connection, const TableName& name,
                                  const ExistingTable& table,
                                  const std::vector<TargetColumn>& columns, Ownership ownership,
                                  bool* rewritten) {
  if (table.kind != 'r') {
    return ConfigError("{} is not an ordinary table; rename it or choose another schema",
                       name.ToString());
  }
  ExistingTable evolved = table;
  std::vector<std::string> actions;
  for (const TargetColumn& wanted : columns) {
    const auto found = std::find_if(
        evolved.columns.begin(), evolved.columns.end(),
        [&](const ExistingTable::Column& column) { return column.name == wanted.name; });
    if (found == evolved.columns.end()) {
      actions.push_back(
          fmt::format("ADD COLUMN {} {}", QuoteIdentifier(wanted.name), wanted.type.text));
      evolved.columns.push_back({wanted.name, wanted.type, false, false});
      continue;
    }
    const TableColumnType joined = JoinTypes(found->type, wanted.type);
    if (joined.kind == TableColumnType::Kind::kOther ||
        (joined.kind == TableColumnType::Kind::kLimitedText) ||
        (ownership == Ownership::kForeign && !(joined == found->type))) {
      return RefuseColumn(name, *found, wanted);
    }
    const std::string column = QuoteIdentifier(wanted.name);
    if (!(joined == found->type)) {
      Log(LogLevel::kInfo, "table {}: column \"{}\" becomes {}, it was {}", name.ToString(),
          wanted.name, joined.text, found->type.text);
      actions.push_back(fmt::format("ALTER COLUMN {} TYPE {} USING {}", column, joined.text,
                                    CastExpression(column, found->type, joined)));
      *rewritten = true;
      found->type = joined;
    }
    if (found->not_null && !wanted.required) {
      if (ownership == Ownership::kForeign) continue;  // the server says when it matters
      actions.push_back(fmt::format("ALTER COLUMN {} DROP NOT NULL", column));
      found->not_null = false;
    }
  }
  for (ExistingTable::Column& column : evolved.columns) {
    const bool written =
        std::any_of(columns.begin(), columns.end(),
                    [&](const TargetColumn& wanted) { return wanted.name == column.name; });
    if (written || !column.not_null || column.has_default) continue;
    if (ownership == Ownership::kForeign) {
      return ConfigError(
          "table {}: column \"{}\" must not be null, and the stream has no such column; rename or "
          "drop the table, or choose another schema",
          name.ToString(), column.name);
    }
    actions.push_back(fmt::format("ALTER COLUMN {} DROP NOT NULL", QuoteIdentifier(column.name)));
    column.not_null = false;
  }
  if (actions.empty()) return evolved;
  std::string sql = "ALTER TABLE " + name.Sql();
  for (size_t i = 0; i < actions.size(); ++i) sql += (i == 0 ? " " : ", ") + actions[i];
  MR_RETURN_IF_ERROR(
      connection.Execute(sql).WithContext("changing the columns of " + name.ToString()));
  return evolved;
}

}  // namespace millrace
