#include "destinations/postgres/stage.h"

namespace millrace {

std::vector<std::string> Stage::MarkColumns() const {
  std::vector<std::string> names;
  if (marks.sequence) names.emplace_back(kSequenceColumn);
  if (marks.unsent) names.emplace_back(kUnsentColumn);
  if (marks.sets) {
    names.emplace_back(kChangeColumn);
    names.emplace_back(kEmptyColumn);
  }
  return names;
}

std::string Stage::Definitions() const {
  std::string sql = ColumnDefinitions(columns);
  const auto add = [&sql](const char* name, const char* type) {
    if (!sql.empty()) sql += ", ";
    sql += QuoteIdentifier(name) + ' ' + type;
  };
  if (marks.sequence) add(kSequenceColumn, "bigint");
  if (marks.unsent) add(kUnsentColumn, "integer[]");
  if (marks.sets) {
    add(kChangeColumn, "bigint");
    add(kEmptyColumn, "boolean");
  }
  return sql;
}

std::string Stage::ColumnList() const {
  std::string sql;
  for (const TargetColumn& column : columns) {
    sql += (sql.empty() ? "" : ", ") + QuoteIdentifier(column.name);
  }
  for (const std::string& mark : MarkColumns()) {
    sql += (sql.empty() ? "" : ", ") + QuoteIdentifier(mark);
  }
  return sql;
}

}  // namespace millrace
