#include "server/config_api/connection_event_calls.h"

#include <nlohmann/json.hpp>

#include "control/schema/sync_catalog.h"
#include "control/store/connection_events.h"
#include "control/store/connections.h"
#include "control/store/people.h"
#include "server/config_api/request_fields.h"
#include "server/config_api/request_time.h"

namespace millrace {
namespace {

/// Enough for a picture of some weeks of 1,000 connections.
constexpr Page kMinimal{.limit = 10'000, .offset = 0};

/// Who did it, as far as that is known.
Result<Json> EventUserJson(SqlTransaction& transaction, const std::string& id) {
  MR_ASSIGN_OR_RETURN(const auto person, FindPerson(transaction, id));
  Json json{{"id", id}, {"isDeleted", !person.has_value()}};
  if (person) {
    json["name"] = person->name;
    json["email"] = person->email;
  }
  return json;
}

Result<Json> EventJson(SqlTransaction& transaction, const ConnectionEvent& event) {
  Json json{{"id", event.id},
            {"connectionId", event.connection_id},
            {"eventType", event.type},
            {"summary", *event.summary},
            {"createdAt", Seconds(event.created_at)}};
  if (!event.user_id.empty()) {
    MR_ASSIGN_OR_RETURN(json["user"], EventUserJson(transaction, event.user_id));
  }
  return json;
}

ConnectionEventFilter EventFilterOf(const Json& body) {
  ConnectionEventFilter filter;
  filter.types = FieldPathOf(FieldOf(body, "eventTypes"));
  filter.created_from = TimeOf(body, "createdAtStart");
  filter.created_to = TimeOf(body, "createdAtEnd");
  return filter;
}

}  // namespace

ApiReply ConnectionEventCalls::List(const Json& body) const {
  ConnectionEventFilter filter = EventFilterOf(body);
  filter.connection_id = TextOf(body, "connectionId");
  Json list = Json::array();
  bool found = false;
  const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
    list = Json::array();
    MR_ASSIGN_OR_RETURN(const auto connection,
                        FindConnectionOrDeleted(transaction, filter.connection_id));
    found = connection.has_value();
    if (!found) return Status::Ok();
    MR_ASSIGN_OR_RETURN(const auto events, ListConnectionEvents(transaction, filter, PageOf(body)));
    for (const ConnectionEvent& event : events) {
      MR_ASSIGN_OR_RETURN(list.emplace_back(), EventJson(transaction, event));
    }
    return Status::Ok();
  });
  if (!read.ok()) return Failure(read);
  if (!found) return NotFound("connection", filter.connection_id);
  return {200, Json{{"events", std::move(list)}}};
}

ApiReply ConnectionEventCalls::Get(const Json& body) const {
  const std::string id = TextOf(body, "connectionEventId");
  std::optional<ConnectionEvent> event;
  Json json;
  const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(event, FindConnectionEvent(transaction, id));
    if (!event) return Status::Ok();
    MR_ASSIGN_OR_RETURN(json, EventJson(transaction, *event));
    return Status::Ok();
  });
  if (!read.ok()) return Failure(read);
  const std::string connection_id = TextOf(body, "connectionId");
  if (!event || (!connection_id.empty() && event->connection_id != connection_id)) {
    return NotFound("event", id);
  }
  json["details"] = *event->summary;
  return {200, std::move(json)};
}

ApiReply ConnectionEventCalls::ListMinimal(const Json& body) const {
  ConnectionEventFilter filter = EventFilterOf(body);
  Json list = Json::array();
  bool workspace_found = false;
  const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
    list = Json::array();
    MR_ASSIGN_OR_RETURN(const auto workspace, WorkspaceOf(transaction, body));
    workspace_found = workspace.has_value();
    if (!workspace) return Status::Ok();
    filter.workspace_id = workspace->id;
    MR_ASSIGN_OR_RETURN(const auto events, ListConnectionEvents(transaction, filter, kMinimal));
    ConnectionFilter of_workspace;
    of_workspace.workspace_id = workspace->id;
    MR_ASSIGN_OR_RETURN(const auto connections,
                        ListConnections(transaction, of_workspace, {.limit = 20'000, .offset = 0}));
    std::map<std::string, std::string> names;
    for (const Connection& connection : connections) names[connection.id] = connection.name;
    for (const ConnectionEvent& event : events) {
      list.push_back({{"eventId", event.id},
                      {"connectionName", names[event.connection_id]},
                      {"connectionId", event.connection_id},
                      {"createdAt", IsoTime(event.created_at)},
                      {"eventType", event.type}});
    }
    return Status::Ok();
  });
  if (!read.ok()) return Failure(read);
  if (!workspace_found) return NotFound("workspace", TextOf(body, "workspaceId"));
  return {200, Json{{"events", std::move(list)}}};
}

}  // namespace millrace
