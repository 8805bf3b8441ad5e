#include "server/config_api/connection_status_calls.h"

#include <nlohmann/json.hpp>

#include "control/schema/sync_catalog.h"
#include "control/store/actors.h"
#include "server/config_api/connection_status.h"
#include "server/config_api/request_fields.h"

namespace millrace {
namespace {

Json ActiveJobJson(const Job& job) {
  Json json{{"id", job.id},
            {"configType", job.config_type},
            {"configId", job.connection_id},
            {"status", job.status},
            {"createdAt", Seconds(job.created_at)},
            {"updatedAt", Seconds(job.updated_at)}};
  if (job.started_at) json["startedAt"] = Seconds(*job.started_at);
  return json;
}

Result<Json> StatusJson(SqlTransaction& transaction, const Connection& connection,
                        const ConnectionJobs& jobs) {
  Json json{{"connectionId", connection.id}, {"connectionSyncStatus", ""}};
  Json failure;
  if (jobs.last && jobs.last->status == "failed") {
    MR_ASSIGN_OR_RETURN(failure, FailureOf(transaction, *jobs.last));
  }
  json["connectionSyncStatus"] =
      SyncStatusOf(connection, jobs, FieldOf(failure, "failureType") == "config_error");
  if (const Json& data = FieldOf(*connection.document, "scheduleData"); !data.is_null()) {
    json["scheduleData"] = data;
  }
  if (jobs.last_success) json["lastSuccessfulSync"] = Seconds(jobs.last_success->created_at);
  if (jobs.active) json["activeJob"] = ActiveJobJson(*jobs.active);
  if (jobs.last_sync) {
    MR_ASSIGN_OR_RETURN(const auto attempts, AttemptsOf(transaction, jobs.last_sync->id));
    json["lastSyncJobId"] = jobs.last_sync->id;
    json["lastSyncJobCreatedAt"] = Seconds(jobs.last_sync->created_at);
    if (!attempts.empty()) json["lastSyncAttemptNumber"] = attempts.back().number;
  }
  if (!failure.is_null()) json["failureReason"] = std::move(failure);
  return json;
}

}  // namespace

ApiReply ConnectionStatusCalls::Statuses(const Json& body) const {
  Json list = Json::array();
  ConnectionFilter filter;
  filter.ids = FieldPathOf(FieldOf(body, "connectionIds"));
  if (filter.ids.empty()) return {200, std::move(list)};
  const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
    list = Json::array();
    MR_ASSIGN_OR_RETURN(const auto connections,
                        ListConnections(transaction, filter, kEveryConnection));
    MR_ASSIGN_OR_RETURN(auto jobs, JobsOfConnections(transaction, IdsOf(connections)));
    for (const Connection& connection : connections) {
      MR_ASSIGN_OR_RETURN(Json json, StatusJson(transaction, connection, jobs[connection.id]));
      list.push_back(std::move(json));
    }
    return Status::Ok();
  });
  return read.ok() ? ApiReply{200, std::move(list)} : Failure(read);
}

ApiReply ConnectionStatusCalls::Counts(const Json& body) const {
  Json counts{{"running", 0}, {"queued", 0}, {"healthy", 0},
              {"failed", 0},  {"paused", 0}, {"notSynced", 0}};
  bool workspace_found = false;
  const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(const auto workspace, WorkspaceOf(transaction, body));
    workspace_found = workspace.has_value();
    if (!workspace) return Status::Ok();
    ConnectionFilter filter;
    filter.workspace_id = workspace->id;
    MR_ASSIGN_OR_RETURN(const auto connections,
                        ListConnections(transaction, filter, kEveryConnection));
    MR_ASSIGN_OR_RETURN(auto jobs, JobsOfConnections(transaction, IdsOf(connections)));
    for (const Connection& connection : connections) {
      Json& count = counts[HealthOf(connection, jobs[connection.id])];
      count = count.get<int64_t>() + 1;
    }
    return Status::Ok();
  });
  if (!read.ok()) return Failure(read);
  if (!workspace_found) return NotFound("workspace", TextOf(body, "workspaceId"));
  return {200, std::move(counts)};
}

ApiReply ConnectionStatusCalls::WorkspaceState(const Json& body) const {
  Json state = Json::object();
  bool workspace_found = false;
  const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(const auto workspace, WorkspaceOf(transaction, body));
    workspace_found = workspace.has_value();
    if (!workspace) return Status::Ok();
    ConnectionFilter connections;
    connections.workspace_id = workspace->id;
    MR_ASSIGN_OR_RETURN(const int64_t count, CountConnections(transaction, connections));
    state["hasConnections"] = count > 0;
    for (const ConnectorType kind : {ConnectorType::kSource, ConnectorType::kDestination}) {
      ActorFilter actors;
      actors.kind = kind;
      actors.workspace_id = workspace->id;
      MR_ASSIGN_OR_RETURN(const auto some,
                          ListActors(transaction, actors, {.limit = 1, .offset = 0}));
      const bool source = kind == ConnectorType::kSource;
      state[source ? "hasSources" : "hasDestinations"] = !some.empty();
    }
    return Status::Ok();
  });
  if (!read.ok()) return Failure(read);
  if (!workspace_found) return NotFound("workspace", TextOf(body, "workspaceId"));
  return {200, std::move(state)};
}

}  // namespace millrace
