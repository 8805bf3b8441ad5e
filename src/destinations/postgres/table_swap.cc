#include "destinations/postgres/table_swap.h"

#include "base/log.h"
#include "clients/postgres/pg_error.h"

namespace millrace {
namespace {

constexpr const char* kDependentObjects = "2BP01";

/// What others may do with the table, as statements for another of `name`.
Result<std::vector<std::string>> Grants(PgConnection& connection, const TableName& table,
                                        const TableName& name) {
  MR_ASSIGN_OR_RETURN(
      const PgRows rows,
      connection.Query("SELECT g.privilege_type, CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE "
                       "quote_ident(pg_get_userbyid(g.grantee)) END, g.is_grantable FROM pg_class "
                       "c, aclexplode(c.relacl) g WHERE c.oid = $1::regclass AND g.grantee <> "
                       "c.relowner",
                       {table.Sql()}));
  std::vector<std::string> grants;
  for (int row = 0; row < rows.num_rows(); ++row) {
    grants.push_back(fmt::format("GRANT {} ON {} TO {}{}", rows.Value(row, 0), name.Sql(),
                                 rows.Value(row, 1),
                                 rows.Bool(row, 2) ? " WITH GRANT OPTION" : ""));
  }
  return grants;
}

/// The old table stays, with new rows.
Status ReplaceRows(PgConnection& connection, const TableName& table, const Stage& fresh) {
  MR_ASSIGN_OR_RETURN(const ExistingTable existing, RequireTable(connection, table));
  bool rewritten = false;
  auto evolved =
      EvolveTable(connection, table, existing, fresh.columns, Ownership::kOurs, &rewritten);
  if (!evolved.ok()) return evolved.status();
  MR_RETURN_IF_ERROR(connection.Execute("TRUNCATE " + table.Sql()));
  const MergeRule plain;
  MR_RETURN_IF_ERROR(connection.Execute(MergeSql(plain, fresh).Insert(table, *evolved)));
  return connection.Execute("DROP TABLE " + fresh.table.Sql());
}

}  // namespace

Status SwapTable(PgConnection& connection, Landing& landing, const TableName& table,
                 const Stage& fresh, Dependents dependents) {
  MR_ASSIGN_OR_RETURN(const auto old, FindTable(connection, table));
  if (!old) return landing.Become(table, fresh);
  MR_ASSIGN_OR_RETURN(const auto grants, Grants(connection, table, table));
  MR_RETURN_IF_ERROR(connection.Execute("SAVEPOINT swap"));
  const Status dropped = connection.Execute(fmt::format(
      "DROP TABLE {}{}", table.Sql(), dependents == Dependents::kDrop ? " CASCADE" : ""));
  if (dropped.ok()) {
    MR_RETURN_IF_ERROR(landing.Become(table, fresh));
    for (const std::string& grant : grants) MR_RETURN_IF_ERROR(connection.Execute(grant));
    return connection.Execute("RELEASE SAVEPOINT swap");
  }
  if (SqlStateOf(dropped) != kDependentObjects) return dropped;
  MR_RETURN_IF_ERROR(connection.Execute("ROLLBACK TO SAVEPOINT swap"));
  const Status replaced = ReplaceRows(connection, table, fresh);
  if (replaced.failed() && replaced.error().type == FailureType::kConfigError) {
    return ConfigError(
        "other objects depend on {}, and its rows can't be replaced under them ({}); drop them, or "
        "set drop_cascade",
        table.ToString(), replaced.error().message);
  }
  Log(LogLevel::kInfo, "{}: other objects depend on it; its rows were replaced where they are",
      table.ToString());
  return replaced;
}

}  // namespace millrace
