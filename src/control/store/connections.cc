#include "control/store/connections.h"

#include <nlohmann/json.hpp>

#include "control/store/sql_condition.h"

namespace millrace {
namespace {

/// `catalog`: its column, or '' for none.
std::string Select(std::string_view catalog) {
  return fmt::format(
      "SELECT connection.id, connection.workspace_id, source_id, destination_id, connection.name, "
      "CASE WHEN connection.deleted = 0 THEN status ELSE 'deprecated' END, document, {}, "
      "next_run_at, revision, connection.created_at, connection.updated_at "
      "FROM connection",
      catalog);
}
constexpr std::string_view kThere = " WHERE connection.deleted = 0";
constexpr std::string_view kThereOrDeleted = " WHERE connection.deleted IN (0, 1)";
constexpr const char* kCatalog = "syncCatalog";

/// Of the document, for its column.
std::string CatalogOf(const Connection& connection) {
  const auto found = connection.document->find(kCatalog);
  return found == connection.document->end() ? "" : found->dump();
}
std::string RestOf(const Connection& connection) {
  Json rest = Json::object();
  for (const auto& [name, value] : connection.document->items()) {
    if (name != kCatalog) rest[name] = value;
  }
  return rest.dump();
}

Connection ConnectionOf(const SqlRow& row) {
  Connection connection;
  connection.id = row.Text(0);
  connection.workspace_id = row.Text(1);
  connection.source_id = row.Text(2);
  connection.destination_id = row.Text(3);
  connection.name = row.Text(4);
  connection.status = row.Text(5);
  Json document = Json::parse(row.Text(6));
  if (!row.Text(7).empty()) document[kCatalog] = Json::parse(row.Text(7));
  connection.document = std::move(document);
  connection.next_run_at = row.IntegerOrNone(8);
  connection.revision = row.Integer(9);
  connection.created_at = row.Integer(10);
  connection.updated_at = row.Integer(11);
  return connection;
}

std::vector<Connection> ConnectionsOf(const std::vector<SqlRow>& rows) {
  std::vector<Connection> connections;
  for (const SqlRow& row : rows) connections.push_back(ConnectionOf(row));
  return connections;
}

/// Whose `end` ("source_id") is of one of these definitions.
void AndEndIn(std::string_view end, const std::vector<std::string>& definition_ids,
              SqlCondition* condition) {
  if (definition_ids.empty()) return;
  condition->AndText(fmt::format("{} IN (SELECT id FROM actor WHERE definition_id {})", end,
                                 condition->OneOf(definition_ids)));
}

SqlCondition ConditionOf(const SqlTransaction& transaction, const ConnectionFilter& filter) {
  SqlCondition condition(transaction);
  condition.AndEqual("connection.workspace_id", filter.workspace_id);
  condition.AndEqual("source_id", filter.source_id);
  condition.AndEqual("destination_id", filter.destination_id);
  condition.AndEqual("status", filter.status);
  condition.AndContains("connection.name", filter.name_contains);
  condition.AndIn("connection.id", filter.ids);
  condition.AndIn("connection.workspace_id", filter.workspace_ids);
  condition.AndIn("source_id", filter.source_ids);
  condition.AndIn("destination_id", filter.destination_ids);
  condition.AndIn("status", filter.statuses);
  AndEndIn("source_id", filter.source_definition_ids, &condition);
  AndEndIn("destination_id", filter.destination_definition_ids, &condition);
  if (!filter.tag_ids.empty()) {
    condition.AndText(
        fmt::format("connection.id IN (SELECT connection_id FROM connection_tag WHERE tag_id {})",
                    condition.OneOf(filter.tag_ids)));
  }
  condition.AndContains(
      "(connection.name || ' ' || (SELECT name FROM actor WHERE actor.id = source_id) || ' ' || "
      "(SELECT name FROM actor WHERE actor.id = destination_id))",
      filter.any_name_contains);
  return condition;
}

std::string_view SortKeyOf(ConnectionOrder order) {
  switch (order) {
    case ConnectionOrder::kSourceName:
      return "(SELECT lower(name) FROM actor WHERE actor.id = source_id)";
    case ConnectionOrder::kDestinationName:
      return "(SELECT lower(name) FROM actor WHERE actor.id = destination_id)";
    case ConnectionOrder::kLastSync:
      return "coalesce((SELECT max(job.id) FROM job WHERE job.connection_id = connection.id), 0)";
    case ConnectionOrder::kName:
      break;
  }
  return "lower(connection.name)";
}

}  // namespace

std::vector<std::string> IdsOf(const std::vector<Connection>& connections) {
  std::vector<std::string> ids;
  for (const Connection& connection : connections) ids.push_back(connection.id);
  return ids;
}

Result<std::optional<Connection>> FindConnection(SqlTransaction& transaction,
                                                 const std::string& id) {
  MR_ASSIGN_OR_RETURN(
      const auto rows,
      transaction.Query(Select("catalog") + std::string(kThere) + " AND connection.id = :1", {id}));
  return rows.empty() ? std::nullopt : std::optional(ConnectionOf(rows.front()));
}

Result<std::optional<Connection>> FindConnectionOrDeleted(SqlTransaction& transaction,
                                                          const std::string& id) {
  MR_ASSIGN_OR_RETURN(const auto rows,
                      transaction.Query(Select("catalog") + " WHERE connection.id = :1", {id}));
  return rows.empty() ? std::nullopt : std::optional(ConnectionOf(rows.front()));
}

Result<std::vector<Connection>> ListConnections(SqlTransaction& transaction,
                                                const ConnectionFilter& filter, const Page& page) {
  SqlCondition condition = ConditionOf(transaction, filter);
  std::string sql = Select("''");
  sql += std::string(filter.with_deleted ? kThereOrDeleted : kThere) + condition.text() +
         " ORDER BY connection.name, connection.id";
  sql += " LIMIT " + condition.Next(page.limit) + " OFFSET " + condition.Next(page.offset);
  MR_ASSIGN_OR_RETURN(const auto rows, transaction.Query(sql, condition.parameters()));
  return ConnectionsOf(rows);
}

Result<std::map<std::string, std::string>> CatalogTextsOf(SqlTransaction& transaction,
                                                          const std::vector<std::string>& ids) {
  std::map<std::string, std::string> catalogs;
  if (ids.empty()) return catalogs;
  SqlCondition condition(transaction);
  condition.AndIn("id", ids);
  MR_ASSIGN_OR_RETURN(
      const auto rows,
      transaction.Query("SELECT id, catalog FROM connection WHERE catalog <> ''" + condition.text(),
                        condition.parameters()));
  for (const SqlRow& row : rows) catalogs[row.Text(0)] = row.Text(1);
  return catalogs;
}

Result<std::vector<std::string>> ListConnectionIds(SqlTransaction& transaction,
                                                   const ConnectionFilter& filter,
                                                   ConnectionOrder order, bool descending) {
  const SqlCondition condition = ConditionOf(transaction, filter);
  const std::string_view direction = descending ? "DESC" : "ASC";
  MR_ASSIGN_OR_RETURN(
      const auto rows,
      transaction.Query(
          fmt::format("SELECT connection.id FROM connection{}{} ORDER BY {} {}, "
                      "connection.id {}",
                      kThere, condition.text(), SortKeyOf(order), direction, direction),
          condition.parameters()));
  std::vector<std::string> ids;
  for (const SqlRow& row : rows) ids.push_back(row.Text(0));
  return ids;
}

Result<int64_t> CountConnections(SqlTransaction& transaction, const ConnectionFilter& filter) {
  const SqlCondition condition = ConditionOf(transaction, filter);
  MR_ASSIGN_OR_RETURN(const auto rows, transaction.Query("SELECT count(*) FROM connection" +
                                                             std::string(kThere) + condition.text(),
                                                         condition.parameters()));
  return rows.at(0).Integer(0);
}

Result<std::map<std::string, int64_t>> CountConnectionsOf(
    SqlTransaction& transaction, ConnectorType kind, const std::vector<std::string>& actor_ids) {
  std::map<std::string, int64_t> counts;
  if (actor_ids.empty()) return counts;
  const std::string end = fmt::format("{}_id", ToString(kind));
  SqlCondition condition(transaction);
  condition.AndIn(end, actor_ids);
  MR_ASSIGN_OR_RETURN(
      const auto rows,
      transaction.Query(fmt::format("SELECT {0}, count(*) FROM connection{1}{2} GROUP BY {0}", end,
                                    kThere, condition.text()),
                        condition.parameters()));
  for (const SqlRow& row : rows) counts[row.Text(0)] = row.Integer(1);
  return counts;
}

Result<std::vector<std::string>> ListDueConnections(SqlTransaction& transaction, int64_t now,
                                                    int64_t limit) {
  MR_ASSIGN_OR_RETURN(
      const auto rows,
      transaction.Query("SELECT id FROM connection WHERE deleted = 0 AND status = 'active' AND "
                        "next_run_at <= :1 AND NOT EXISTS (SELECT 1 FROM job WHERE "
                        "job.connection_id = connection.id AND "
                        "job.status IN ('pending', 'running', 'incomplete')) "
                        "ORDER BY next_run_at LIMIT :2",
                        {now, limit}));
  std::vector<std::string> due;
  for (const SqlRow& row : rows) due.push_back(row.Text(0));
  return due;
}

Status PutNextRun(SqlTransaction& transaction, const std::string& id,
                  const std::optional<int64_t>& next) {
  return transaction
      .Execute("UPDATE connection SET next_run_at = :1 WHERE id = :2", {OrNull(next), id})
      .status();
}

Status InsertConnection(SqlTransaction& transaction, const Connection& connection) {
  return transaction
      .Execute(
          "INSERT INTO connection (id, workspace_id, source_id, destination_id, name, status, "
          "document, catalog, next_run_at, revision, created_at, updated_at) "
          "VALUES (:1, :2, :3, :4, :5, :6, :7, :8, :9, :10, :11, :12)",
          {connection.id, connection.workspace_id, connection.source_id, connection.destination_id,
           connection.name, connection.status, RestOf(connection), CatalogOf(connection),
           OrNull(connection.next_run_at), connection.revision, connection.created_at,
           connection.updated_at})
      .status();
}

Result<bool> UpdateConnection(SqlTransaction& transaction, const Connection& connection) {
  MR_ASSIGN_OR_RETURN(
      const int64_t touched,
      transaction.Execute(
          "UPDATE connection SET name = :1, status = :2, document = :3, catalog = :4, next_run_at "
          "= "
          ":5, updated_at = :6, revision = revision + 1 WHERE id = :7 AND revision = :8 AND "
          "deleted = 0",
          {connection.name, connection.status, RestOf(connection), CatalogOf(connection),
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
