#include "control/store/connections.h"

#include <nlohmann/json.hpp>

#include "control/store/sql_condition.h"

namespace millrace {
namespace {

constexpr std::string_view kSelect =
    "SELECT id, workspace_id, source_id, destination_id, name, status, document, next_run_at, "
    "revision, created_at, updated_at FROM connection WHERE deleted = 0";

Connection ConnectionOf(const SqlRow& row) {
  Connection connection;
  connection.id = row.Text(0);
  connection.workspace_id = row.Text(1);
  connection.source_id = row.Text(2);
  connection.destination_id = row.Text(3);
  connection.name = row.Text(4);
  connection.status = row.Text(5);
  connection.document = JsonValue(Json::parse(row.Text(6)));
  connection.next_run_at = row.IntegerOrNone(7);
  connection.revision = row.Integer(8);
  connection.created_at = row.Integer(9);
  connection.updated_at = row.Integer(10);
  return connection;
}

std::vector<Connection> ConnectionsOf(const std::vector<SqlRow>& rows) {
  std::vector<Connection> connections;
  for (const SqlRow& row : rows) connections.push_back(ConnectionOf(row));
  return connections;
}

SqlCondition ConditionOf(const ConnectionFilter& filter) {
  SqlCondition condition;
  condition.AndEqual("workspace_id", filter.workspace_id);
  condition.AndEqual("source_id", filter.source_id);
  condition.AndEqual("destination_id", filter.destination_id);
  condition.AndEqual("status", filter.status);
  condition.AndContains("name", filter.name_contains);
  return condition;
}

}  // namespace

Result<std::optional<Connection>> FindConnection(SqlTransaction& transaction,
                                                 const std::string& id) {
  MR_ASSIGN_OR_RETURN(const auto rows,
                      transaction.Query(fmt::format("{} AND id = :1", kSelect), {id}));
  return rows.empty() ? std::nullopt : std::optional(ConnectionOf(rows.front()));
}

Result<std::vector<Connection>> ListConnections(SqlTransaction& transaction,
                                                const ConnectionFilter& filter, const Page& page) {
  SqlCondition condition = ConditionOf(filter);
  std::string sql = std::string(kSelect) + condition.text() + " ORDER BY name, id";
  sql += " LIMIT " + condition.Next(page.limit) + " OFFSET " + condition.Next(page.offset);
  MR_ASSIGN_OR_RETURN(const auto rows, transaction.Query(sql, condition.parameters()));
  return ConnectionsOf(rows);
}

Result<int64_t> CountConnections(SqlTransaction& transaction, const ConnectionFilter& filter) {
  const SqlCondition condition = ConditionOf(filter);
  MR_ASSIGN_OR_RETURN(
      const auto rows,
      transaction.Query("SELECT count(*) FROM connection WHERE deleted = 0" + condition.text(),
                        condition.parameters()));
  return rows.at(0).Integer(0);
}

Result<std::vector<Connection>> ListDueConnections(SqlTransaction& transaction, int64_t now,
                                                   int64_t limit) {
  MR_ASSIGN_OR_RETURN(
      const auto rows,
      transaction.Query(fmt::format("{} AND status = 'active' AND next_run_at <= :1 "
                                    "ORDER BY next_run_at LIMIT :2",
                                    kSelect),
                        {now, limit}));
  return ConnectionsOf(rows);
}

Status InsertConnection(SqlTransaction& transaction, const Connection& connection) {
  return transaction
      .Execute(
          "INSERT INTO connection (id, workspace_id, source_id, destination_id, name, status, "
          "document, next_run_at, revision, created_at, updated_at) "
          "VALUES (:1, :2, :3, :4, :5, :6, :7, :8, :9, :10, :11)",
          {connection.id, connection.workspace_id, connection.source_id, connection.destination_id,
           connection.name, connection.status, connection.document->dump(),
           OrNull(connection.next_run_at), connection.revision, connection.created_at,
           connection.updated_at})
      .status();
}

Result<bool> UpdateConnection(SqlTransaction& transaction, const Connection& connection) {
  MR_ASSIGN_OR_RETURN(
      const int64_t touched,
      transaction.Execute(
          "UPDATE connection SET name = :1, status = :2, document = :3, next_run_at = :4, "
          "updated_at = :5, revision = revision + 1 WHERE id = :6 AND revision = :7 AND deleted = "
          "0",
          {connection.name, connection.status, connection.document->dump(),
           OrNull(connection.next_run_at), connection.updated_at, connection.id,
           connection.revision}));
  return touched == 1;
}

Status DeleteConnection(SqlTransaction& transaction, const std::string& id, int64_t now) {
  return transaction
      .Execute("UPDATE connection SET deleted = 1, updated_at = :1 WHERE id = :2 AND deleted = 0",
               {now, id})
      .status();
}

Status DeleteConnectionsOf(SqlTransaction& transaction, ConnectorType kind,
                           const std::string& actor_id, int64_t now) {
  return transaction
      .Execute(fmt::format("UPDATE connection SET deleted = 1, updated_at = :1 "
                           "WHERE {} = :2 AND deleted = 0",
                           kind == ConnectorType::kSource ? "source_id" : "destination_id"),
               {now, actor_id})
      .status();
}

}  // namespace millrace
