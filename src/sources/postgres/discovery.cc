#include "sources/postgres/discovery.h"

#include <algorithm>
#include <unordered_map>

#include "base/log.h"
#include "sources/postgres/type_mapping.h"

namespace millrace {
namespace {

// Row types, and arrays of tables' row types, are left out: there are as many as tables, and they
// are read as text anyway.
constexpr const char* kTypesSql = R"(
SELECT t.oid, t.typname, n.nspname, t.typtype, t.typbasetype, t.typtypmod, t.typnotnull, t.typelem,
       t.typsend::oid = 'pg_catalog.array_send'::regproc::oid
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem
LEFT JOIN pg_catalog.pg_class r ON r.oid = e.typrelid
WHERE t.typtype <> 'c' AND coalesce(r.relkind, 'c') = 'c')";

// $1: schemas or NULL; $2: whether to look at privileges; $3: the server can scan ranges of ctid.
constexpr const char* kTablesSql = R"(
SELECT c.oid, n.nspname, c.relname, c.relkind,
       $3::bool AND c.relkind IN ('r', 'm') AND coalesce(a.amname, 'heap') = 'heap'
         AND NOT (c.relhassubclass AND c.relkind = 'r'),
       CASE WHEN c.relkind IN ('r', 'm')
            THEN coalesce(pg_catalog.pg_relation_size(c.oid), 0)
                 / pg_catalog.current_setting('block_size')::int8 END,
       c.reltuples::int8, c.relrowsecurity,
       NOT $2::bool
         OR pg_catalog.has_schema_privilege(n.oid, 'USAGE')
            AND (pg_catalog.has_table_privilege(c.oid, 'SELECT')
                 OR pg_catalog.has_any_column_privilege(c.oid, 'SELECT')),
       c.relfilenode, pg_catalog.pg_stat_get_tuples_updated(c.oid)
         + pg_catalog.pg_stat_get_tuples_deleted(c.oid),
       c.xmin::text::int8
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_am a ON a.oid = c.relam
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition AND c.relpersistence <> 't'
  AND CASE WHEN $1::text[] IS NULL
           THEN n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
           ELSE n.nspname = ANY ($1::text[]) END
ORDER BY n.nspname, c.relname)";

// $1: oids of tables; $2: whether to look at privileges.
constexpr const char* kColumnsSql = R"(
SELECT a.attrelid, a.attname, a.atttypid, a.atttypmod, a.attnotnull,
       pg_catalog.format_type(a.atttypid, a.atttypmod), a.attndims > 1
FROM pg_catalog.pg_attribute a
WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
  AND (NOT $2::bool OR pg_catalog.has_table_privilege(a.attrelid, 'SELECT')
       OR pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT'))
ORDER BY a.attrelid, a.attnum)";

constexpr const char* kKeysSql = R"(
SELECT k.conrelid, a.attname
FROM pg_catalog.pg_constraint k
CROSS JOIN LATERAL unnest(k.conkey) WITH ORDINALITY AS part (attnum, position)
JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = part.attnum
WHERE k.contype = 'p' AND k.conrelid = ANY ($1::oid[])
ORDER BY k.conrelid, part.position)";

// The leaves of partitioned tables, however deep. A leaf that is no plain table, or that the user
// may not read by itself, makes its table be read as a whole.
constexpr const char* kLeavesSql = R"(
WITH RECURSIVE tree (root, child) AS (
  SELECT i.inhparent, i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent = ANY ($1::oid[])
  UNION ALL
  SELECT t.root, i.inhrelid FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.child)
SELECT t.root, n.nspname, c.relname,
       c.relkind = 'r' AND coalesce(a.amname, 'heap') = 'heap' AND NOT c.relrowsecurity
         AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
         AND pg_catalog.has_table_privilege(c.oid, 'SELECT'),
       CASE WHEN c.relkind = 'r'
            THEN coalesce(pg_catalog.pg_relation_size(c.oid), 0)
                 / pg_catalog.current_setting('block_size')::int8 END,
       c.relfilenode, pg_catalog.pg_stat_get_tuples_updated(c.oid)
         + pg_catalog.pg_stat_get_tuples_deleted(c.oid),
       c.xmin::text::int8
FROM tree t
JOIN pg_catalog.pg_class c ON c.oid = t.child
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_am a ON a.oid = c.relam
WHERE c.relkind <> 'p'
ORDER BY t.root, n.nspname, c.relname)";

constexpr int kFirstVersionWithTidRangeScans = 140000;

/// An array literal of texts: {"a","b"}.
std::string TextArray(const std::vector<std::string>& texts) {
  std::string literal = "{";
  for (const std::string& text : texts) {
    literal += literal.size() > 1 ? ",\"" : "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') literal += '\\';
      literal += c;
    }
    literal += '"';
  }
  return literal + "}";
}

class Discovery {
 public:
  Discovery(PgConnection& connection, const DiscoveryScope& scope, std::stop_token stop)
      : connection_(connection), scope_(scope), stop_(std::move(stop)) {}

  Result<std::vector<PostgresTable>> Run() {
    MR_RETURN_IF_ERROR(FindTables());
    if (tables_.empty()) return std::move(tables_);
    MR_RETURN_IF_ERROR(FindTypes());
    MR_RETURN_IF_ERROR(FindColumns());
    MR_RETURN_IF_ERROR(FindKeys());
    if (any_partitioned_) MR_RETURN_IF_ERROR(FindLeaves());
    return std::move(tables_);
  }

 private:
  std::string CheckPrivileges() const { return scope_.check_privileges ? "t" : "f"; }
  bool HasTidRangeScans() const {
    return connection_.server_version() >= kFirstVersionWithTidRangeScans;
  }
  PostgresTable* TableOf(int64_t oid) {
    const auto found = by_oid_.find(static_cast<uint32_t>(oid));
    return found == by_oid_.end() ? nullptr : &tables_[found->second];
  }

  Status FindTables() {
    std::optional<std::string> schemas;
    if (!scope_.schemas.empty()) schemas = TextArray(scope_.schemas);
    MR_ASSIGN_OR_RETURN(
        const PgRows rows,
        connection_.Query(kTablesSql, {schemas, CheckPrivileges(), HasTidRangeScans() ? "t" : "f"},
                          stop_));
    oids_ = "{";
    std::vector<std::string> unreadable;
    for (int i = 0; i < rows.num_rows(); ++i) {
      if (!rows.Bool(i, 8)) {
        unreadable.push_back(rows.Text(i, 1) + "." + rows.Text(i, 2));
        continue;
      }
      PostgresTable table;
      table.oid = static_cast<uint32_t>(rows.Int(i, 0));
      table.schema = rows.Text(i, 1);
      table.name = rows.Text(i, 2);
      table.kind = rows.Value(i, 3).front();
      const bool row_security = rows.Bool(i, 7);
      if (rows.Bool(i, 4)) {
        table.parts.push_back({table.schema, table.name, rows.Int(i, 5), rows.Int(i, 9),
                               rows.Int(i, 10), rows.Int(i, 11)});
      }
      table.rows_estimate = rows.Int(i, 6);
      const bool by_leaves = table.kind == 'p' && HasTidRangeScans() && !row_security;
      if (by_leaves) partitioned_.push_back(table.oid);
      any_partitioned_ |= by_leaves;
      by_oid_[table.oid] = tables_.size();
      oids_ += (tables_.empty() ? "" : ",") + rows.Text(i, 0);
      tables_.push_back(std::move(table));
    }
    oids_ += "}";
    WarnOfUnreadable(unreadable);
    return Status::Ok();
  }

  /// A table that may not be read is left out, but never without a word.
  void WarnOfUnreadable(const std::vector<std::string>& tables) const {
    if (tables.empty()) return;
    constexpr size_t kNamesMost = 5;
    const auto shown =
        tables.begin() + static_cast<std::ptrdiff_t>(std::min(tables.size(), kNamesMost));
    Log(LogLevel::kWarn, "{} left out, because the user may not read {}: {}{}",
        tables.size() == 1 ? "one table is" : fmt::format("{} tables are", tables.size()),
        tables.size() == 1 ? "it" : "them", fmt::join(tables.begin(), shown, ", "),
        tables.size() > kNamesMost ? ", …" : "");
  }

  Status FindTypes() {
    MR_ASSIGN_OR_RETURN(const PgRows rows, connection_.Query(kTypesSql, {}, stop_));
    for (int i = 0; i < rows.num_rows(); ++i) {
      PgType type;
      type.name = rows.Text(i, 1);
      type.schema = rows.Text(i, 2);
      type.kind = rows.Value(i, 3).front();
      type.base = static_cast<uint32_t>(rows.Int(i, 4));
      type.modifier = static_cast<int32_t>(rows.Int(i, 5));
      type.not_null = rows.Bool(i, 6);
      type.element = static_cast<uint32_t>(rows.Int(i, 7));
      type.is_array = type.element != 0 && rows.Bool(i, 8);
      types_.emplace(static_cast<uint32_t>(rows.Int(i, 0)), std::move(type));
    }
    return Status::Ok();
  }

  Status FindColumns() {
    MR_ASSIGN_OR_RETURN(const PgRows rows,
                        connection_.Query(kColumnsSql, {oids_, CheckPrivileges()}, stop_));
    for (int i = 0; i < rows.num_rows(); ++i) {
      PostgresTable* const table = TableOf(rows.Int(i, 0));
      if (table == nullptr) continue;
      const PgColumnType type{static_cast<uint32_t>(rows.Int(i, 2)),
                              static_cast<int32_t>(rows.Int(i, 3)), rows.Text(i, 5),
                              rows.Bool(i, 6)};
      TableColumn column;
      column.name = rows.Text(i, 1);
      column.type = MapType(type, types_);
      // What a view or a foreign table says about NULL, nobody enforces.
      column.not_null = (table->kind == 'r' || table->kind == 'p') &&
                        (rows.Bool(i, 4) || DomainForbidsNull(type.oid, types_));
      table->columns.push_back(std::move(column));
    }
    return Status::Ok();
  }

  Status FindKeys() {
    MR_ASSIGN_OR_RETURN(const PgRows rows, connection_.Query(kKeysSql, {oids_}, stop_));
    for (int i = 0; i < rows.num_rows(); ++i) {
      if (PostgresTable* const table = TableOf(rows.Int(i, 0))) {
        table->primary_key.push_back(rows.Text(i, 1));
      }
    }
    // A key that can't be read whole is none.
    for (PostgresTable& table : tables_) {
      for (const std::string& column : table.primary_key) {
        if (table.FindColumn(column) != nullptr) continue;
        table.primary_key.clear();
        break;
      }
    }
    return Status::Ok();
  }

  Status FindLeaves() {
    std::string roots = "{";
    for (const uint32_t oid : partitioned_) {
      roots += (roots.size() > 1 ? "," : "") + std::to_string(oid);
    }
    MR_ASSIGN_OR_RETURN(const PgRows rows, connection_.Query(kLeavesSql, {roots + "}"}, stop_));
    std::vector<PostgresTable*> whole;
    for (int i = 0; i < rows.num_rows(); ++i) {
      PostgresTable* const table = TableOf(rows.Int(i, 0));
      if (table == nullptr) continue;
      if (!rows.Bool(i, 3)) whole.push_back(table);
      table->parts.push_back({rows.Text(i, 1), rows.Text(i, 2), rows.Int(i, 4), rows.Int(i, 5),
                              rows.Int(i, 6), rows.Int(i, 7)});
    }
    for (PostgresTable* const table : whole) table->parts.clear();
    return Status::Ok();
  }

  PgConnection& connection_;
  const DiscoveryScope& scope_;
  const std::stop_token stop_;
  std::vector<PostgresTable> tables_;
  std::unordered_map<uint32_t, size_t> by_oid_;
  std::string oids_;  // of the tables, as an array literal
  std::vector<uint32_t> partitioned_;
  bool any_partitioned_ = false;
  PgTypes types_;
};

}  // namespace

Result<std::vector<PostgresTable>> DiscoverTables(PgConnection& connection,
                                                  const DiscoveryScope& scope,
                                                  std::stop_token stop) {
  return Discovery(connection, scope, std::move(stop)).Run();
}

}  // namespace millrace
