#include "control/store/connection_events.h"

#include <nlohmann/json.hpp>

#include "base/uuid.h"
#include "control/store/sql_condition.h"

namespace millrace {
namespace {

constexpr std::string_view kSelectEvents =
    "SELECT id, connection_id, type, summary, COALESCE(user_id, ''), created_at "
    "FROM connection_event WHERE 1 = 1";

ConnectionEvent EventOf(const SqlRow& row) {
  return {row.Text(0), row.Text(1),   row.Text(2), Json::parse(row.Text(3)),
          row.Text(4), row.Integer(5)};
}

}  // namespace

Status InsertConnectionEvent(SqlTransaction& transaction, ConnectionEvent event) {
  if (event.id.empty()) event.id = RandomUuid();
  return transaction
      .Execute(
          "INSERT INTO connection_event (id, connection_id, type, summary, user_id, created_at) "
          "VALUES (:1, :2, :3, :4, :5, :6)",
          {event.id, event.connection_id, event.type, event.summary->dump(),
           event.user_id.empty() ? SqlValue() : SqlValue(event.user_id), event.created_at})
      .status();
}

Result<std::optional<ConnectionEvent>> FindConnectionEvent(SqlTransaction& transaction,
                                                           const std::string& id) {
  MR_ASSIGN_OR_RETURN(const auto rows,
                      transaction.Query(std::string(kSelectEvents) + " AND id = :1", {id}));
  return rows.empty() ? std::nullopt : std::optional(EventOf(rows.front()));
}

Result<std::vector<ConnectionEvent>> ListConnectionEvents(SqlTransaction& transaction,
                                                          const ConnectionEventFilter& filter,
                                                          const Page& page) {
  SqlCondition condition(transaction);
  condition.AndEqual("connection_id", filter.connection_id);
  if (!filter.workspace_id.empty()) {
    condition.And(
        "connection_id IN (SELECT id FROM connection WHERE workspace_id = {} AND deleted "
        "= 0)",
        filter.workspace_id);
  }
  condition.AndIn("type", filter.types);
  if (filter.created_from) condition.And("created_at >= {}", *filter.created_from);
  if (filter.created_to) condition.And("created_at <= {}", *filter.created_to);
  std::string sql =
      std::string(kSelectEvents) + condition.text() + " ORDER BY created_at DESC, id DESC";
  sql += " LIMIT " + condition.Next(page.limit) + " OFFSET " + condition.Next(page.offset);
  MR_ASSIGN_OR_RETURN(const auto rows, transaction.Query(sql, condition.parameters()));
  std::vector<ConnectionEvent> events;
  for (const SqlRow& row : rows) events.push_back(EventOf(row));
  return events;
}

}  // namespace millrace
