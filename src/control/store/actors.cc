#include "control/store/actors.h"

#include "control/store/connections.h"
#include "control/store/sql_condition.h"

namespace millrace {
namespace {

constexpr std::string_view kSelectActors =
    "SELECT id, workspace_id, kind, definition_id, name, configuration, created_at, updated_at "
    "FROM actor WHERE deleted = 0";

Actor ActorOf(const SqlRow& row) {
  return {row.Text(0),
          row.Text(1),
          row.Text(2) == "source" ? ConnectorType::kSource : ConnectorType::kDestination,
          row.Text(3),
          row.Text(4),
          row.Text(5),
          row.Integer(6),
          row.Integer(7)};
}

}  // namespace

Result<std::optional<Actor>> FindActor(SqlTransaction& transaction, ConnectorType kind,
                                       const std::string& id) {
  MR_ASSIGN_OR_RETURN(const auto rows,
                      transaction.Query(fmt::format("{} AND kind = :1 AND id = :2", kSelectActors),
                                        {std::string(ToString(kind)), id}));
  return rows.empty() ? std::nullopt : std::optional(ActorOf(rows.front()));
}

Result<std::vector<Actor>> ListActors(SqlTransaction& transaction, const ActorFilter& filter,
                                      const Page& page) {
  SqlCondition condition(transaction);
  condition.AndEqual("kind", std::string(ToString(filter.kind)));
  condition.AndEqual("workspace_id", filter.workspace_id);
  condition.AndIn("workspace_id", filter.workspace_ids);
  condition.AndEqual("definition_id", filter.definition_id);
  condition.AndContains("name", filter.name_contains);
  std::string sql = std::string(kSelectActors) + condition.text() + " ORDER BY name, id";
  sql += " LIMIT " + condition.Next(page.limit) + " OFFSET " + condition.Next(page.offset);
  MR_ASSIGN_OR_RETURN(const auto rows, transaction.Query(sql, condition.parameters()));
  std::vector<Actor> actors;
  for (const SqlRow& row : rows) actors.push_back(ActorOf(row));
  return actors;
}

Status InsertActor(SqlTransaction& transaction, const Actor& actor) {
  return transaction
      .Execute(
          "INSERT INTO actor (id, workspace_id, kind, definition_id, name, configuration, "
          "created_at, updated_at) VALUES (:1, :2, :3, :4, :5, :6, :7, :8)",
          {actor.id, actor.workspace_id, std::string(ToString(actor.kind)), actor.definition_id,
           actor.name, actor.sealed_configuration, actor.created_at, actor.updated_at})
      .status();
}

Status UpdateActor(SqlTransaction& transaction, const Actor& actor) {
  return transaction
      .Execute(
          "UPDATE actor SET name = :1, configuration = :2, updated_at = :3 "
          "WHERE id = :4 AND deleted = 0",
          {actor.name, actor.sealed_configuration, actor.updated_at, actor.id})
      .status();
}

Status DeleteActor(SqlTransaction& transaction, const Actor& actor, int64_t now) {
  MR_RETURN_IF_ERROR(DeleteConnectionsOf(transaction, actor.kind, actor.id, now));
  return transaction
      .Execute("UPDATE actor SET deleted = 1, updated_at = :1 WHERE id = :2 AND deleted = 0",
               {now, actor.id})
      .status();
}

}  // namespace millrace
