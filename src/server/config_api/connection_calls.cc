#include "server/config_api/connection_calls.h"

#include <nlohmann/json.hpp>

#include "control/schema/sync_catalog.h"
#include "control/store/actors.h"
#include "control/store/tags.h"
#include "server/config_api/connection_json.h"
#include "server/config_api/request_fields.h"
#include "server/config_api/request_workspace.h"
#include "server/http/json_body.h"

namespace millrace {
namespace {

/// Read and written at a time: a catalog can be megabytes.
constexpr int64_t kConnectionsAtOnce = 50;

/// `document` with one more field, whose value is JSON text: parsing catalogs only to write them
/// again takes a hundred times their size for a while.
std::string WithField(const Json& document, std::string_view name, std::string_view value) {
  std::string text = JsonText(document);
  text.pop_back();
  return fmt::format(R"({},"{}":{}}})", text, name, value);
}
}  // namespace

ConnectionService ConnectionServiceOf(const Services& services) {
  ConnectionService service(services.database, services.definitions, services.clock);
  service.set_before_delete([&jobs = services.jobs](SqlTransaction& transaction,
                                                    const std::string& id,
                                                    const ChangeReason& reason) {
    return jobs.CancelActive(transaction, id, reason.user_id);
  });
  return service;
}

ConnectionCalls::ConnectionCalls(const Services& services)
    : services_(services), service_(ConnectionServiceOf(services)) {}

ApiReply ConnectionCalls::ReplyOf(const Result<ConnectionOutcome>& outcome) const {
  if (!outcome.ok()) return Failure(outcome.status());
  if (outcome->kind == ConnectionOutcome::Kind::kNotThere) {
    return NotFound(outcome->what, outcome->id);
  }
  if (outcome->kind == ConnectionOutcome::Kind::kConflict) {
    return Conflict("somebody else changed the connection at the same time: try again");
  }
  services_.jobs.Wake();
  return Get({{"connectionId", outcome->connection.id}});
}

ApiReply ConnectionCalls::Create(const Json& body, const Caller& caller) const {
  return ReplyOf(service_.Create(body, {.user_id = caller.person_id, .reason = ""}));
}

ApiReply ConnectionCalls::Update(const Json& body, const Caller& caller) const {
  if (TextOf(body, "status") == "deprecated") return Delete(body, caller);
  return ReplyOf(service_.Update(body, {.user_id = caller.person_id, .reason = ""}));
}

ApiReply ConnectionCalls::UpdateWithReason(const Json& body, const Caller& caller) const {
  const Json& update = FieldOf(body, "connectionUpdate");
  if (!update.is_object()) {
    return Unprocessable("connectionUpdate", "connectionUpdate must be an object");
  }
  ChangeReason reason;
  reason.user_id = caller.person_id;
  reason.reason = TextOf(body, "updateReason");
  reason.automatic = FieldOf(body, "autoUpdate") == true;
  return ReplyOf(service_.Update(update, reason));
}

ApiReply ConnectionCalls::Delete(const Json& body, const Caller& caller) const {
  const auto outcome =
      service_.Delete(TextOf(body, "connectionId"), {.user_id = caller.person_id, .reason = ""});
  if (!outcome.ok()) return Failure(outcome.status());
  if (outcome->kind == ConnectionOutcome::Kind::kNotThere) {
    return NotFound(outcome->what, outcome->id);
  }
  services_.jobs.Wake();
  return NoContent();
}

ApiReply ConnectionCalls::Get(const Json& body) const {
  const std::string id = TextOf(body, "connectionId");
  std::optional<Connection> connection;
  std::map<std::string, std::vector<Tag>> tags;
  const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(connection, FindConnectionOrDeleted(transaction, id));
    MR_ASSIGN_OR_RETURN(tags, TagsOfConnections(transaction, {id}));
    return Status::Ok();
  });
  if (!read.ok()) return Failure(read);
  if (!connection) return NotFound("connection", id);
  return {200, ConnectionJson(*connection, tags[id])};
}

ApiReply ConnectionCalls::ListOf(const ConnectionFilter& filter, const Page& page,
                                 const std::function<bool(const Json&)>& matches) const {
  std::string list;
  const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
    list.clear();
    for (Page part = page; part.offset < page.offset + page.limit; part.offset += part.limit) {
      part.limit = std::min(kConnectionsAtOnce, page.offset + page.limit - part.offset);
      MR_ASSIGN_OR_RETURN(const auto connections, ListConnections(transaction, filter, part));
      MR_ASSIGN_OR_RETURN(auto tags, TagsOfConnections(transaction, IdsOf(connections)));
      MR_ASSIGN_OR_RETURN(const auto catalogs, CatalogTextsOf(transaction, IdsOf(connections)));
      for (const Connection& connection : connections) {
        const Json json = ConnectionJson(connection, tags[connection.id]);
        if (matches && !matches(json)) continue;
        const auto catalog = catalogs.find(connection.id);
        if (!list.empty()) list += ',';
        list += catalog == catalogs.end() ? JsonText(json)
                                          : WithField(json, "syncCatalog", catalog->second);
      }
      if (connections.size() < static_cast<size_t>(part.limit)) break;
    }
    return Status::Ok();
  });
  if (!read.ok()) return Failure(read);
  return {.text = fmt::format(R"({{"connections":[{}]}})", list)};
}

ApiReply ConnectionCalls::List(const Json& body) const {
  return ListOfWorkspace(body, /*with_deleted=*/false);
}

ApiReply ConnectionCalls::ListAll(const Json& body) const {
  return ListOfWorkspace(body, /*with_deleted=*/true);
}

ApiReply ConnectionCalls::ListOfWorkspace(const Json& body, bool with_deleted) const {
  return WithWorkspace(services_, body, [&](const Workspace& workspace) {
    ConnectionFilter filter;
    filter.workspace_id = workspace.id;
    filter.with_deleted = with_deleted;
    return ListOf(filter, kEveryConnection);
  });
}

ApiReply ConnectionCalls::ListPaginated(const Json& body) const {
  ConnectionFilter filter;
  filter.workspace_ids = FieldPathOf(FieldOf(body, "workspaceIds"));
  filter.tag_ids = FieldPathOf(FieldOf(body, "tagIds"));
  for (std::string& id : filter.workspace_ids) {
    if (id != "default") continue;
    const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
      MR_ASSIGN_OR_RETURN(const auto workspace, DefaultWorkspace(transaction));
      if (workspace) id = workspace->id;
      return Status::Ok();
    });
    if (!read.ok()) return Failure(read);
  }
  return ListOf(filter, PageOf(body));
}

ApiReply ConnectionCalls::Search(const Json& body) const {
  ConnectionFilter filter;
  filter.name_contains = TextOf(body, "name");
  filter.source_id = TextOf(body, "sourceId");
  filter.destination_id = TextOf(body, "destinationId");
  filter.status = TextOf(body, "status");
  if (const std::string id = TextOf(body, "connectionId"); !id.empty()) filter.ids = {id};
  for (const auto& [end, id_field, ids] :
       {std::tuple("source", "sourceDefinitionId", &filter.source_definition_ids),
        std::tuple("destination", "destinationDefinitionId", &filter.destination_definition_ids)}) {
    const std::string id = TextOf(FieldOf(body, end), id_field);
    if (!id.empty()) *ids = {id};
  }
  if (const std::string id = TextOf(FieldOf(body, "source"), "workspaceId"); !id.empty()) {
    filter.workspace_id = id;
  }
  return ListOf(filter, kEveryConnection, [&body](const Json& connection) {
    for (const char* field : {"namespaceDefinition", "namespaceFormat", "prefix", "scheduleType",
                              "scheduleData", "schedule"}) {
      const Json& wanted = FieldOf(body, field);
      if (!wanted.is_null() && wanted != FieldOf(connection, field)) return false;
    }
    return true;
  });
}

ApiReply ConnectionCalls::ListByDefinition(const Json& body) const {
  ConnectionFilter filter;
  const std::string type = TextOf(body, "actorType");
  const bool source = type == "source";
  if (!source && type != "destination") {
    return Unprocessable("actorType", "actorType must be source or destination");
  }
  (source ? filter.source_definition_ids
          : filter.destination_definition_ids) = {TextOf(body, "actorDefinitionId")};
  return ListOf(filter, kEveryConnection);
}

ApiReply ConnectionCalls::GetContext(const Json& body) const {
  const std::string id = TextOf(body, "connectionId");
  std::optional<Connection> connection;
  std::optional<Actor> source, destination;
  const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(connection, FindConnection(transaction, id));
    if (!connection) return Status::Ok();
    MR_ASSIGN_OR_RETURN(source,
                        FindActor(transaction, ConnectorType::kSource, connection->source_id));
    MR_ASSIGN_OR_RETURN(destination, FindActor(transaction, ConnectorType::kDestination,
                                               connection->destination_id));
    return Status::Ok();
  });
  if (!read.ok()) return Failure(read);
  if (!connection || !source || !destination) return NotFound("connection", id);
  return {200, Json{{"connectionId", id},
                    {"sourceId", source->id},
                    {"destinationId", destination->id},
                    {"sourceDefinitionId", source->definition_id},
                    {"destinationDefinitionId", destination->definition_id},
                    {"workspaceId", connection->workspace_id},
                    {"organizationId", kOrganizationId}}};
}

ApiReply ConnectionCalls::ListOperations(const Json& body) const {
  const ApiReply connection = Get(body);
  return connection.status == 200 ? ApiReply{200, Json{{"operations", Json::array()}}} : connection;
}

}  // namespace millrace
