#include "destinations/postgres/landing.h"

#include <algorithm>

#include "base/log.h"
#include "destinations/sql/sql_name.h"

namespace millrace {
namespace {

constexpr const char* kIndexPrefix = "_millrace_key_";
/// The planner's guesses about a new table are good enough below it.
constexpr int64_t kRowsWorthAnalyzing = 10'000;

}  // namespace

Status Landing::Run(const std::string& sql) {
  return sql.empty() ? Status::Ok() : connection_.Execute(sql);
}

Status Landing::CheckRows(const Stage& stage, int64_t rows) {
  MR_ASSIGN_OR_RETURN(const PgRows count,
                      connection_.Query("SELECT count(*) FROM " + stage.table.Sql()));
  if (count.Int(0, 0) == rows) return Status::Ok();
  // Not logged, it is empty after a crash of the server.
  return TransientError(
      "the staging table {} holds {} rows of {} that were written; did the server restart? The "
      "next "
      "attempt writes them again",
      stage.table.ToString(), count.Int(0, 0), rows);
}

Result<std::vector<std::vector<bool>>> Landing::Patterns(const MergeSql& sql, bool null_keys) {
  const size_t parts = rule_.unit().size();
  if (!null_keys) return std::vector<std::vector<bool>>{std::vector<bool>(parts, false)};
  MR_ASSIGN_OR_RETURN(const PgRows rows, connection_.Query(sql.NullPatterns()));
  std::vector<std::vector<bool>> patterns;
  for (int row = 0; row < rows.num_rows(); ++row) {
    std::vector<bool> pattern;
    for (size_t part = 0; part < parts; ++part) {
      pattern.push_back(rows.Bool(row, static_cast<int>(part)));
    }
    patterns.push_back(std::move(pattern));
  }
  return patterns;
}

Status Landing::FillUnsentInStage(const MergeSql& sql, const Stage& stage, bool null_keys) {
  MR_ASSIGN_OR_RETURN(
      const PgRows columns,
      connection_.Query(fmt::format("SELECT DISTINCT u FROM {} s, unnest(s.{}) u",
                                    stage.table.Sql(), QuoteIdentifier(kUnsentColumn))));
  if (!null_keys && rule_.replace_by.empty()) {
    std::string parts;
    for (const std::string& part : rule_.key) parts += QuoteIdentifier(part) + ", ";
    MR_RETURN_IF_ERROR(Run(fmt::format("CREATE INDEX ON {} ({}{})", stage.table.Sql(), parts,
                                       QuoteIdentifier(kSequenceColumn))));
  }
  for (int row = 0; row < columns.num_rows(); ++row) {
    MR_RETURN_IF_ERROR(
        Run(sql.FillUnsentFromStage(static_cast<int>(columns.Int(row, 0)), null_keys)));
  }
  return Status::Ok();
}

Status Landing::Settle(const Stage& stage, const LandingTraits& traits) {
  if (!rule_.deduplicates()) return Status::Ok();
  const MergeSql sql(rule_, stage);
  if (traits.unsent) MR_RETURN_IF_ERROR(FillUnsentInStage(sql, stage, traits.null_keys));
  MR_RETURN_IF_ERROR(Run(sql.RemoveSuperseded()));
  if (traits.unsent) MR_RETURN_IF_ERROR(Run(sql.NoteUnfound()));
  return Run(sql.RemoveDeletes());
}

Result<Stage> Landing::Aligned(const ExistingTable& existing, const Stage& stage) {
  Stage aligned = stage;
  for (TargetColumn& column : aligned.columns) {
    const ExistingTable::Column* stored = existing.Find(column.name);
    if (stored == nullptr || stored->type == column.type) continue;
    const std::string name = QuoteIdentifier(column.name);
    MR_RETURN_IF_ERROR(
        Run(fmt::format("ALTER TABLE {} ALTER COLUMN {} TYPE {} USING {}", stage.table.Sql(), name,
                        stored->type.text, CastExpression(name, column.type, stored->type))));
    column.type = stored->type;
  }
  return aligned;
}

Result<int64_t> Landing::MoveInto(const TableName& table, const ExistingTable& existing,
                                  const Stage& given, const LandingTraits& traits) {
  // Values that come out of the table must fit the stage that they are put into.
  Stage stage = given;
  if (traits.unsent) {
    MR_ASSIGN_OR_RETURN(stage, Aligned(existing, given));
  }
  const MergeSql sql(rule_, stage);
  if (!rule_.deduplicates()) {
    MR_ASSIGN_OR_RETURN(const PgRows added, connection_.Query(sql.Insert(table, existing)));
    if (added.affected_rows() != traits.rows) MR_RETURN_IF_ERROR(CheckRows(stage, traits.rows));
    return added.affected_rows();
  }
  MR_RETURN_IF_ERROR(CheckRows(stage, traits.rows));
  if (traits.unsent) MR_RETURN_IF_ERROR(FillUnsentInStage(sql, stage, traits.null_keys));
  MR_RETURN_IF_ERROR(Run(sql.RemoveSuperseded()));
  if (traits.rows > kRowsWorthAnalyzing) {
    MR_RETURN_IF_ERROR(Run("ANALYZE " + stage.table.Sql()));
  }
  MR_ASSIGN_OR_RETURN(const auto patterns, Patterns(sql, traits.null_keys));
  if (traits.unsent) {
    for (const auto& nulls : patterns) {
      MR_RETURN_IF_ERROR(Run(sql.FillUnsentFromTable(table, existing, nulls)));
    }
    MR_RETURN_IF_ERROR(Run(sql.NoteUnfound()));
  }
  for (const auto& nulls : patterns) {
    MR_RETURN_IF_ERROR(Run(sql.RemoveStale(table, existing, nulls)));
    MR_RETURN_IF_ERROR(Run(sql.RemoveReplaced(table, existing, nulls)));
  }
  MR_RETURN_IF_ERROR(Run(sql.RemoveDeletes()));
  MR_ASSIGN_OR_RETURN(const PgRows added, connection_.Query(sql.Insert(table, existing)));
  return added.affected_rows();
}

Status Landing::Become(const TableName& name, const Stage& stage) {
  std::string drops;
  for (const std::string& mark : stage.MarkColumns()) {
    drops += (drops.empty() ? "" : ", ") + ("DROP COLUMN " + QuoteIdentifier(mark));
  }
  if (!drops.empty()) {
    MR_RETURN_IF_ERROR(Run(fmt::format("ALTER TABLE {} {}", stage.table.Sql(), drops)));
  }
  TableName moved = stage.table;
  if (moved.schema != name.schema) {
    MR_RETURN_IF_ERROR(Run(
        fmt::format("ALTER TABLE {} SET SCHEMA {}", moved.Sql(), QuoteIdentifier(name.schema))));
    moved.schema = name.schema;
  }
  return Run(fmt::format("ALTER TABLE {} RENAME TO {}", moved.Sql(), QuoteIdentifier(name.name)));
}

Status Landing::EnsureKeyIndex(const TableName& table, const TableName& identity) {
  if (!rule_.deduplicates()) return Status::Ok();
  std::string key;
  for (const std::string& part : rule_.unit()) {
    key += (key.empty() ? "" : ", ") + QuoteIdentifier(part);
  }
  const std::string name = kIndexPrefix + ShortHash(identity.ToString() + '(' + key + ')');
  MR_ASSIGN_OR_RETURN(
      const PgRows indexes,
      connection_.Query("SELECT i.relname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid "
                        "WHERE x.indrelid = $1::regclass AND left(i.relname, length($2)) = $2",
                        {table.Sql(), kIndexPrefix}));
  bool found = false;
  for (int row = 0; row < indexes.num_rows(); ++row) {
    if (indexes.Text(row, 0) == name) {
      found = true;
    } else {
      MR_RETURN_IF_ERROR(Run("DROP INDEX " + QualifiedName(table.schema, indexes.Text(row, 0))));
    }
  }
  if (found) return Status::Ok();
  MR_RETURN_IF_ERROR(Run("SAVEPOINT key_index"));
  const Status made =
      Run(fmt::format("CREATE INDEX {} ON {} ({})", QuoteIdentifier(name), table.Sql(), key));
  if (made.ok()) return Run("RELEASE SAVEPOINT key_index");
  if (!made.failed() || made.error().type == FailureType::kTransientError) return made;
  Log(LogLevel::kWarn, "table {}: its key can't be indexed, merges will be slow: {}",
      identity.ToString(), made.ToString());
  return Run("ROLLBACK TO SAVEPOINT key_index");
}

Result<int64_t> RemoveInserted(PgConnection& connection, const std::string& table,
                               int64_t transaction) {
  MR_ASSIGN_OR_RETURN(const PgRows removed,
                      connection.Query(fmt::format("DELETE FROM {} WHERE xmin = '{}'::xid", table,
                                                   static_cast<uint32_t>(transaction))));
  return removed.affected_rows();
}

}  // namespace millrace
