#include "server/config_api/web_backend_calls.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/schedule/cron_text.h"
#include "control/schedule/cron_times.h"
#include "control/schedule/schedule.h"
#include "control/schema/sync_catalog.h"
#include "control/store/tags.h"
#include "server/config_api/actor_calls.h"
#include "server/config_api/connection_json.h"
#include "server/config_api/connection_status.h"
#include "server/config_api/definition_calls.h"
#include "server/config_api/request_fields.h"
#include "server/config_api/schema_calls.h"

namespace millrace {
namespace {

constexpr int kExecutionsShown = 5;

struct SortKey {
  std::string_view name;  ///< what follows: _asc or _desc
  ConnectionOrder order;
};
constexpr SortKey kSortKeys[] = {{"connectionName", ConnectionOrder::kName},
                                 {"sourceName", ConnectionOrder::kSourceName},
                                 {"destinationName", ConnectionOrder::kDestinationName},
                                 {"lastSync", ConnectionOrder::kLastSync}};

struct Sorting {
  ConnectionOrder order = ConnectionOrder::kName;
  bool descending = false;
};

/// By name when there is no key; none when nothing is sorted by such a key.
std::optional<Sorting> SortingOf(const std::string& key) {
  if (key.empty()) return Sorting();
  for (const auto& [name, order] : kSortKeys) {
    if (key == fmt::format("{}_asc", name)) return Sorting{order, false};
    if (key == fmt::format("{}_desc", name)) return Sorting{order, true};
  }
  return std::nullopt;
}

ConnectionFilter ConnectionFilterOf(const Json& body, const std::string& workspace_id) {
  const Json& filters = FieldOf(body, "filters");
  ConnectionFilter filter;
  filter.workspace_id = workspace_id;
  filter.source_ids = FieldPathOf(FieldOf(body, "sourceId"));
  filter.destination_ids = FieldPathOf(FieldOf(body, "destinationId"));
  filter.statuses = FieldPathOf(FieldOf(filters, "states"));
  filter.tag_ids = FieldPathOf(FieldOf(filters, "tagIds"));
  filter.source_definition_ids = FieldPathOf(FieldOf(filters, "sourceDefinitionIds"));
  filter.destination_definition_ids = FieldPathOf(FieldOf(filters, "destinationDefinitionIds"));
  filter.any_name_contains = TextOf(filters, "searchTerm");
  return filter;
}

/// Those of `ids` whose health is one of `wanted`; all of them when nothing is wanted.
Result<std::vector<std::string>> WithHealth(SqlTransaction& transaction,
                                            std::vector<std::string> ids,
                                            const std::vector<std::string>& wanted) {
  if (wanted.empty() || ids.empty()) return ids;
  ConnectionFilter filter;
  filter.ids = ids;
  const auto limit = static_cast<int64_t>(ids.size());
  MR_ASSIGN_OR_RETURN(const auto connections,
                      ListConnections(transaction, filter, {.limit = limit, .offset = 0}));
  MR_ASSIGN_OR_RETURN(auto jobs, JobsOfConnections(transaction, ids));
  std::map<std::string, std::string> health;
  for (const Connection& connection : connections) {
    health[connection.id] = HealthOf(connection, jobs[connection.id]);
  }
  std::erase_if(ids, [&](const std::string& id) {
    return std::find(wanted.begin(), wanted.end(), health[id]) == wanted.end();
  });
  return ids;
}

std::string SchemaChangeOf(const Connection& connection) {
  if (FieldOf(*connection.document, "breakingChange") == true) return "breaking";
  return FieldOf(*connection.document, "schemaChange") == "non_breaking" ? "non_breaking"
                                                                         : "no_change";
}

/// {"sourceId", "name", "sourceDefinitionId", "sourceName"}
Result<Json> EndJson(SqlTransaction& transaction, const Definitions& definitions,
                     ConnectorType kind, const std::string& id, Json* version) {
  const std::string word(ToString(kind));
  MR_ASSIGN_OR_RETURN(const auto actor, FindActor(transaction, kind, id));
  Json json{{word + "Id", id}, {"name", ""}, {word + "DefinitionId", ""}, {word + "Name", ""}};
  *version = Json::object();
  if (!actor) return json;
  MR_ASSIGN_OR_RETURN(const auto definition,
                      definitions.Find(transaction, kind, actor->definition_id));
  json["name"] = actor->name;
  json[word + "DefinitionId"] = actor->definition_id;
  json[word + "Name"] = definition ? definition->display_name : actor->definition_id;
  if (definition) *version = DefinitionVersionJson(*definition);
  return json;
}

void AddJobs(const ConnectionJobs& jobs, Json* json) {
  if (jobs.last_sync) {
    (*json)["latestSyncJobCreatedAt"] = Seconds(jobs.last_sync->created_at);
    (*json)["latestSyncJobStatus"] = jobs.last_sync->status;
  }
  (*json)["isSyncing"] = jobs.active.has_value();
}

Result<Json> ItemJson(SqlTransaction& transaction, const Definitions& definitions,
                      const Connection& connection, const ConnectionJobs& jobs,
                      const std::vector<Tag>& tags) {
  Json json{{"connectionId", connection.id}, {"name", connection.name},
            {"status", connection.status},   {"schemaChange", SchemaChangeOf(connection)},
            {"onDemandEnabled", false},      {"tags", TagListJson(tags)}};
  for (const char* field : {"scheduleType", "scheduleData", "statusReason"}) {
    if (const Json& value = FieldOf(*connection.document, field); !value.is_null()) {
      json[field] = value;
    }
  }
  AddJobs(jobs, &json);
  for (const auto& [kind, id] :
       {std::pair(ConnectorType::kSource, connection.source_id),
        std::pair(ConnectorType::kDestination, connection.destination_id)}) {
    Json version;
    MR_ASSIGN_OR_RETURN(json[std::string(ToString(kind))],
                        EndJson(transaction, definitions, kind, id, &version));
    json[fmt::format("{}ActorDefinitionVersion", ToString(kind))] = std::move(version);
  }
  return json;
}

}  // namespace

ApiReply WebBackendCalls::List(const Json& body) const {
  const auto sorting = SortingOf(TextOf(body, "sortKey"));
  if (!sorting) {
    return Unprocessable("sortKey",
                         "sortKey may be connectionName, sourceName, destinationName or lastSync, "
                         "followed by _asc or _desc");
  }
  Json list = Json::array();
  size_t total = 0;
  const int64_t page_size = PageOf(body).limit;
  bool workspace_found = false;
  const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
    list = Json::array();
    MR_ASSIGN_OR_RETURN(const auto workspace, WorkspaceOf(transaction, body));
    workspace_found = workspace.has_value();
    if (!workspace) return Status::Ok();
    MR_ASSIGN_OR_RETURN(auto ids,
                        ListConnectionIds(transaction, ConnectionFilterOf(body, workspace->id),
                                          sorting->order, sorting->descending));
    MR_ASSIGN_OR_RETURN(ids,
                        WithHealth(transaction, std::move(ids),
                                   FieldPathOf(FieldOf(FieldOf(body, "filters"), "statuses"))));
    total = ids.size();
    auto from = ids.begin();
    if (const std::string cursor = TextOf(body, "cursor"); !cursor.empty()) {
      from = std::find(ids.begin(), ids.end(), cursor);
      if (from != ids.end()) ++from;
    }
    ids.erase(ids.begin(), from);
    if (ids.size() > static_cast<size_t>(page_size)) ids.resize(static_cast<size_t>(page_size));
    if (ids.empty()) return Status::Ok();
    ConnectionFilter page;
    page.ids = ids;
    MR_ASSIGN_OR_RETURN(const auto connections,
                        ListConnections(transaction, page, {.limit = page_size, .offset = 0}));
    MR_ASSIGN_OR_RETURN(auto jobs, JobsOfConnections(transaction, ids));
    MR_ASSIGN_OR_RETURN(auto tags, TagsOfConnections(transaction, ids));
    std::map<std::string, Json> items;
    for (const Connection& connection : connections) {
      MR_ASSIGN_OR_RETURN(items[connection.id],
                          ItemJson(transaction, services_.definitions, connection,
                                   jobs[connection.id], tags[connection.id]));
    }
    for (const std::string& id : ids) list.push_back(std::move(items[id]));
    return Status::Ok();
  });
  if (!read.ok()) return Failure(read);
  if (!workspace_found) return NotFound("workspace", TextOf(body, "workspaceId"));
  return {
      200,
      Json{{"connections", std::move(list)}, {"page_size", page_size}, {"num_connections", total}}};
}

ApiReply WebBackendCalls::Get(const Json& body) const {
  const ApiReply connection = calls_.Get(body);
  if (connection.status != 200) return connection;
  Json json = *connection.body;
  for (const ConnectorType kind : {ConnectorType::kSource, ConnectorType::kDestination}) {
    const std::string word(ToString(kind));
    const Json id{{word + "Id", json[word + "Id"]}};
    const ApiReply end = ActorCalls(services_, kind).Get(id);
    if (end.status != 200) return end;
    const auto definition = services_.definitions.Find(services_.database, kind,
                                                       TextOf(*end.body, word + "DefinitionId"));
    if (!definition.ok()) return Failure(definition.status());
    json[word] = *end.body;
    json[word + "ActorDefinitionVersion"] =
        *definition ? DefinitionVersionJson(**definition) : Json::object();
  }
  const std::string id = TextOf(body, "connectionId");
  const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(auto jobs, JobsOfConnections(transaction, {id}));
    AddJobs(jobs[id], &json);
    return Status::Ok();
  });
  if (!read.ok()) return Failure(read);
  const bool breaking = FieldOf(json, "breakingChange") == true;
  json["schemaChange"] = breaking ? "breaking" : json.value("schemaChange", "no_change");
  json["operations"] = Json::array();
  if (FieldOf(body, "withRefreshedCatalog") == true) {
    const ApiReply refreshed = SchemaCalls(services_).Refresh(&json);
    if (refreshed.status != 200) return refreshed;
  }
  if (const Json& id = FieldOf(json, "sourceCatalogId");
      !id.is_null() && !json.contains("catalogId")) {
    json["catalogId"] = id;
  }
  return {200, std::move(json)};
}

ApiReply WebBackendCalls::Create(const Json& body, const Caller& caller) const {
  const ApiReply made = calls_.Create(body, caller);
  if (made.status != 200) return made;
  return Get({{"connectionId", (*made.body)["connectionId"]}});
}

Status WebBackendCalls::RefreshOutdated(const ConnectionOutcome& updated,
                                        const Caller& caller) const {
  if (updated.outdated.empty() || updated.connection.status != "active") return Status::Ok();
  std::optional<Job> active;
  MR_RETURN_IF_ERROR(services_.database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(active, ActiveJob(transaction, updated.connection.id));
    return Status::Ok();
  }));
  if (active) {
    MR_RETURN_IF_ERROR(services_.jobs.Cancel(active->id, caller.person_id).status());
  }
  JobRequest request;
  request.connection_id = updated.connection.id;
  request.config_type = "refresh";
  request.streams = updated.outdated;
  request.refresh_mode = "Merge";
  request.user_id = caller.person_id;
  MR_ASSIGN_OR_RETURN(const JobCreation made, services_.jobs.Create(request));
  if (made.outcome == JobCreation::Outcome::kCreated) return Status::Ok();
  return TransientError("the connection was changed, but its streams can't be refreshed: {}",
                        made.message);
}

ApiReply WebBackendCalls::Update(const Json& body, const Caller& caller) const {
  if (TextOf(body, "status") == "deprecated") return calls_.Delete(body, caller);
  const auto outcome = calls_.service().Update(body, {.user_id = caller.person_id, .reason = ""});
  const ApiReply updated = calls_.ReplyOf(outcome);
  if (updated.status != 200) return updated;
  if (FieldOf(body, "skipReset") != true) {
    const Status refreshed = RefreshOutdated(*outcome, caller);
    if (!refreshed.ok()) return Failure(refreshed);
  }
  return Get({{"connectionId", (*updated.body)["connectionId"]}});
}

ApiReply WebBackendCalls::DescribeCron(const Json& body) const {
  const std::string expression = TextOf(body, "cronExpression");
  std::string zone = TextOf(body, "cronTimeZone");
  if (zone.empty()) zone = "UTC";
  const auto schedule = CronSchedule(expression, zone);
  if (!schedule.ok()) return Unprocessable("cronExpression", schedule.status().ToString());
  Json times = Json::array();
  std::optional<int64_t> time = Seconds(services_.Now());
  for (int i = 0; i < kExecutionsShown; ++i) {
    time = NextCronTime(schedule->cron, zone, *time);
    if (!time) break;
    times.push_back(*time);
  }
  return {200, Json{{"cronExpression", expression},
                    {"description", millrace::DescribeCron(schedule->cron)},
                    {"nextExecutions", std::move(times)}}};
}

ApiReply WebBackendCalls::CheckUpdates(const Json&) const {
  // Connectors come with Millrace: there is nothing to update one by one.
  return {200, Json{{"destinationDefinitions", 0}, {"sourceDefinitions", 0}}};
}

}  // namespace millrace
