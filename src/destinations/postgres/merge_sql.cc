#include "destinations/postgres/merge_sql.h"

#include <algorithm>

#include "base/check.h"
#include "connector/meta_column.h"

namespace millrace {
namespace {

constexpr const char* kDeletedAt = "_ab_cdc_deleted_at";

std::string In(const std::string& alias, const std::string& name) {
  return alias + '.' + QuoteIdentifier(name);
}

}  // namespace

MergeSql::MergeSql(const MergeRule& rule, const Stage& stage)
    : rule_(rule), stage_(stage), source_(stage.table.Sql()) {}

const TargetColumn& MergeSql::Column(const std::string& name) const {
  const auto found = std::find_if(stage_.columns.begin(), stage_.columns.end(),
                                  [&](const TargetColumn& column) { return column.name == name; });
  MR_CHECK(found != stage_.columns.end(), "a merge by a column that the stage does not have");
  return *found;
}

std::string MergeSql::Bytewise(const std::string& alias, const std::string& name) const {
  const bool text = Column(name).type.kind == TableColumnType::Kind::kText;
  return In(alias, name) + (text ? " COLLATE \"C\"" : "");
}

std::string MergeSql::UnitList(const std::string& alias) const {
  std::string sql;
  for (const std::string& name : rule_.unit()) {
    sql += (sql.empty() ? "" : ", ") + Bytewise(alias, name);
  }
  return sql;
}

std::string MergeSql::NullPatterns() const {
  std::string sql;
  for (const std::string& name : rule_.unit()) {
    sql += (sql.empty() ? "" : ", ") + In("s", name) + " IS NULL";
  }
  return fmt::format("SELECT DISTINCT {} FROM {} s", sql, source_);
}

std::string MergeSql::FillUnsentFromStage(int column, bool null_keys) const {
  const std::string name = QuoteIdentifier(stage_.columns.at(static_cast<size_t>(column)).name);
  std::string matches;
  for (const std::string& part : rule_.key) {
    matches += fmt::format("{} {} {} AND ", In("p", part), null_keys ? "IS NOT DISTINCT FROM" : "=",
                           In("n", part));
  }
  return fmt::format(
      "UPDATE {0} s SET {1} = f.value, {2} = array_remove(s.{2}, {3}) FROM (SELECT n.{4} AS place, "
      "q.value FROM {0} n CROSS JOIN LATERAL (SELECT p.{1} AS value FROM {0} p WHERE {5}p.{4} < "
      "n.{4} AND NOT coalesce({3} = ANY (p.{2}), false) ORDER BY p.{4} DESC LIMIT 1) q WHERE {3} = "
      "ANY (n.{2})) f WHERE s.{4} = f.place",
      source_, name, QuoteIdentifier(kUnsentColumn), column, QuoteIdentifier(kSequenceColumn),
      matches);
}

std::string MergeSql::RemoveSuperseded() const {
  const std::string sequence = In("s", kSequenceColumn);
  if (!rule_.replace_by.empty()) {
    const std::string change = In("s", kChangeColumn);
    return fmt::format(
        "DELETE FROM {0} WHERE ctid IN (SELECT w.ctid FROM (SELECT s.ctid, {1} AS change, "
        "first_value({1}) OVER (PARTITION BY {2} ORDER BY {3} DESC) AS latest FROM {0} s) w WHERE "
        "w.change <> w.latest)",
        source_, change, UnitList("s"), sequence);
  }
  std::string order;
  if (!rule_.cursor.empty()) order = Bytewise("s", rule_.cursor) + " DESC NULLS LAST, ";
  return fmt::format(
      "DELETE FROM {0} WHERE ctid IN (SELECT w.ctid FROM (SELECT s.ctid, row_number() OVER "
      "(PARTITION BY {1} ORDER BY {2}{3} DESC) AS place FROM {0} s) w WHERE w.place > 1)",
      source_, UnitList("s"), order, sequence);
}

std::string MergeSql::KeyMatches(const ExistingTable& existing,
                                 const std::vector<bool>& nulls) const {
  std::string sql;
  const std::vector<std::string>& unit = rule_.unit();
  for (size_t i = 0; i < unit.size(); ++i) {
    if (i > 0) sql += " AND ";
    if (nulls[i]) {
      sql += fmt::format("{} IS NULL AND {} IS NULL", In("t", unit[i]), In("s", unit[i]));
      continue;
    }
    sql += fmt::format(
        "{} = {}", In("t", unit[i]),
        CastExpression(In("s", unit[i]), Column(unit[i]).type, existing.Find(unit[i])->type));
  }
  return sql;
}

std::string MergeSql::FillUnsentFromTable(const TableName& table, const ExistingTable& existing,
                                          const std::vector<bool>& nulls) const {
  std::string sets;
  for (size_t i = 0; i < stage_.columns.size(); ++i) {
    const std::string& name = stage_.columns[i].name;
    if (existing.Find(name) == nullptr) continue;
    sets += fmt::format("{0} = CASE WHEN {1} = ANY (s.{2}) THEN t.{0} ELSE s.{0} END, ",
                        QuoteIdentifier(name), i, QuoteIdentifier(kUnsentColumn));
  }
  return fmt::format("UPDATE {0} s SET {1}{2} = NULL FROM {3} t WHERE s.{2} IS NOT NULL AND {4}",
                     source_, sets, QuoteIdentifier(kUnsentColumn), table.Sql(),
                     KeyMatches(existing, nulls));
}

std::string MergeSql::NoteUnfound() const {
  const bool has_meta =
      std::any_of(stage_.columns.begin(), stage_.columns.end(),
                  [](const TargetColumn& column) { return column.name == kMetaColumn; });
  if (!has_meta) return "";
  std::string names;
  for (const TargetColumn& column : stage_.columns) {
    names += (names.empty() ? "" : ", ") + QuoteLiteral(column.name);
  }
  return fmt::format(
      "UPDATE {0} s SET {1} = jsonb_set(s.{1}, '{{changes}}', coalesce(s.{1} -> 'changes', '[]') "
      "|| (SELECT jsonb_agg(jsonb_build_object('field', (ARRAY[{2}]::text[])[u + 1], 'change', "
      "'NULLED', 'reason', 'SOURCE_RETRIEVAL_ERROR')) FROM unnest(s.{3}) u)) WHERE "
      "cardinality(s.{3}) > 0",
      source_, QuoteIdentifier(kMetaColumn), names, QuoteIdentifier(kUnsentColumn));
}

std::string MergeSql::RemoveStale(const TableName& table, const ExistingTable& existing,
                                  const std::vector<bool>& nulls) const {
  if (rule_.cursor.empty() || existing.Find(rule_.cursor) == nullptr) return "";
  const TableColumnType& stored = existing.Find(rule_.cursor)->type;
  const bool text = stored.kind == TableColumnType::Kind::kText;
  const std::string mine = CastExpression(In("s", rule_.cursor), Column(rule_.cursor).type, stored);
  return fmt::format(
      "DELETE FROM {0} s USING {1} t WHERE {2} AND ({3}{5} > {4} OR ({3} IS NOT NULL "
      "AND {4} IS NULL))",
      source_, table.Sql(), KeyMatches(existing, nulls), In("t", rule_.cursor), mine,
      text ? " COLLATE \"C\"" : "");
}

std::string MergeSql::RemoveReplaced(const TableName& table, const ExistingTable& existing,
                                     const std::vector<bool>& nulls) const {
  return fmt::format("DELETE FROM {} t USING {} s WHERE {}", table.Sql(), source_,
                     KeyMatches(existing, nulls));
}

std::string MergeSql::RemoveDeletes() const {
  if (!rule_.replace_by.empty()) {
    return fmt::format("DELETE FROM {} WHERE {}", source_, QuoteIdentifier(kEmptyColumn));
  }
  const bool has_deletes =
      std::any_of(stage_.columns.begin(), stage_.columns.end(),
                  [](const TargetColumn& column) { return column.name == kDeletedAt; });
  if (!has_deletes || !rule_.hard_delete) return "";
  return fmt::format("DELETE FROM {} WHERE {} IS NOT NULL", source_, QuoteIdentifier(kDeletedAt));
}

std::string MergeSql::Insert(const TableName& table, const ExistingTable& existing) const {
  std::string names;
  std::string values;
  for (const TargetColumn& column : stage_.columns) {
    const ExistingTable::Column* stored = existing.Find(column.name);
    MR_CHECK(stored != nullptr, "the table has not evolved to hold the stage's columns");
    names += (names.empty() ? "" : ", ") + QuoteIdentifier(column.name);
    values += (values.empty() ? "" : ", ") +
              CastExpression(In("s", column.name), column.type, stored->type);
  }
  return fmt::format("INSERT INTO {} ({}) SELECT {} FROM {} s", table.Sql(), names, values,
                     source_);
}

}  // namespace millrace
