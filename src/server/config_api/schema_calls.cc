#include "server/config_api/schema_calls.h"

#include <nlohmann/json.hpp>

#include "control/schema/catalog_diff.h"
#include "control/schema/catalog_propagation.h"
#include "control/schema/sync_catalog.h"
#include "server/config_api/probe_json.h"
#include "server/config_api/request_fields.h"

namespace millrace {
namespace {

/// Airbyte's limit is four hours; a person waits for no such thing.
constexpr std::chrono::seconds kDiscoveryLimit = std::chrono::minutes(10);

}  // namespace

SchemaService SchemaServiceOf(const Services& services) {
  return {services.database, services.box, services.definitions, services.clock,
          [&probes = services.probes](const StartDocument& start, const EndResources& said,
                                      const KeepConfig& keep_config) {
            return probes.Run(start, said, kDiscoveryLimit, keep_config);
          }};
}

SchemaCalls::SchemaCalls(const Services& services)
    : services_(services), schemas_(SchemaServiceOf(services)) {}

ApiReply SchemaCalls::CompareInto(const std::string& connection_id,
                                  const DiscoveredCatalog& offered, Json* reply,
                                  bool* pauses) const {
  std::optional<Connection> connection;
  Json diff;
  const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(connection, FindConnection(transaction, connection_id));
    if (!connection) return Status::Ok();
    MR_ASSIGN_OR_RETURN(diff, schemas_.Compare(transaction, *connection, offered));
    return Status::Ok();
  });
  if (!read.ok()) return Failure(read);
  if (!connection) return NotFound("connection", connection_id);
  const bool disables = FieldOf(*connection->document, "nonBreakingChangesPreference") == "disable";
  *pauses = IsBreakingDiff(diff) || (disables && !IsEmptyDiff(diff));
  (*reply)["breakingChange"] = IsBreakingDiff(diff);
  (*reply)["connectionStatus"] = connection->status;
  (*reply)["catalogDiff"] = std::move(diff);
  return {200, Json()};
}

ApiReply SchemaCalls::Discover(const Json& body) const {
  const std::string source_id = TextOf(body, "sourceId");
  const ProbeJob job("discover_schema", source_id, services_.Now());
  const auto discovery =
      schemas_.Discover(source_id, /*may_be_cached=*/FieldOf(body, "disable_cache") != true);
  if (!discovery.ok()) return Failure(discovery.status());
  if (!*discovery) return NotFound("source", source_id);
  Json reply{{"jobInfo", job.Ended((*discovery)->outcome, services_.Now())}};
  const auto& found = (*discovery)->catalog;
  if (!found) return {200, std::move(reply)};
  auto catalog = SyncCatalogOf(*found->catalog);
  if (!catalog.ok()) return Failure(catalog.status());
  reply["catalog"] = *std::move(catalog);
  reply["catalogId"] = found->id;
  const std::string connection_id = TextOf(body, "connectionId");
  if (connection_id.empty()) return {200, std::move(reply)};
  bool pauses = false;
  ApiReply compared = CompareInto(connection_id, *found, &reply, &pauses);
  if (compared.status != 200) return compared;
  if (pauses) {
    const auto applied = schemas_.Apply(connection_id, *found);
    if (!applied.ok()) return Failure(applied.status());
    if (*applied) reply["connectionStatus"] = (*applied)->connection.status;
  }
  return {200, std::move(reply)};
}

ApiReply SchemaCalls::Refresh(Json* json) const {
  const auto discovery = schemas_.Discover(TextOf(*json, "sourceId"), /*may_be_cached=*/false);
  if (!discovery.ok()) return Failure(discovery.status());
  if (!*discovery) return NotFound("source", TextOf(*json, "sourceId"));
  if (!(*discovery)->catalog) return ConnectorFailure((*discovery)->outcome.status);
  const DiscoveredCatalog& found = *(*discovery)->catalog;
  const auto offered = SyncCatalogOf(*found.catalog);
  if (!offered.ok()) return Failure(offered.status());
  Json compared = Json::object();
  bool pauses = false;
  ApiReply reply = CompareInto(TextOf(*json, "connectionId"), found, &compared, &pauses);
  if (reply.status != 200) return reply;
  (*json)["catalogDiff"] = compared["catalogDiff"];
  (*json)["catalogId"] = found.id;
  (*json)["syncCatalog"] = MergeOffered((*json)["syncCatalog"], *offered);
  if (FieldOf(compared, "breakingChange") == true) {
    (*json)["schemaChange"] = "breaking";
  } else if (!IsEmptyDiff(compared["catalogDiff"])) {
    (*json)["schemaChange"] = "non_breaking";
  }
  return {200, Json()};
}

ApiReply SchemaCalls::MostRecent(const Json& body) const {
  const std::string id = TextOf(body, "sourceId");
  bool found = false;
  Json reply = Json::object();
  const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(const auto source, FindActor(transaction, ConnectorType::kSource, id));
    found = source.has_value();
    MR_ASSIGN_OR_RETURN(const auto latest, LatestDiscoveredCatalog(transaction, id, ""));
    if (!latest) return Status::Ok();
    MR_ASSIGN_OR_RETURN(reply["catalog"], SyncCatalogOf(*latest->catalog));
    reply["updatedAt"] = Seconds(latest->created_at);
    return Status::Ok();
  });
  if (!read.ok()) return Failure(read);
  return found ? ApiReply{200, std::move(reply)} : NotFound("source", id);
}

ApiReply SchemaCalls::ApplyToConnection(const Json& body) const {
  const std::string id = TextOf(body, "connectionId");
  std::optional<Connection> connection;
  const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(connection, FindConnection(transaction, id));
    return Status::Ok();
  });
  if (!read.ok()) return Failure(read);
  if (!connection) return NotFound("connection", id);
  // What the source says counts, not what the caller took it to say.
  const auto discovery = schemas_.Discover(connection->source_id, /*may_be_cached=*/true);
  if (!discovery.ok()) return Failure(discovery.status());
  if (!*discovery) return NotFound("source", connection->source_id);
  if (!(*discovery)->catalog) return ConnectorFailure((*discovery)->outcome.status);
  const auto applied = schemas_.Apply(id, *(*discovery)->catalog);
  if (!applied.ok()) return Failure(applied.status());
  if (!*applied) return NotFound("connection", id);
  return {200, Json{{"propagatedDiff", *(*applied)->diff}}};
}

ApiReply SchemaCalls::ApplyToSource(const Json& body) const {
  const std::string id = TextOf(body, "sourceId");
  const auto discovery = schemas_.Discover(id, /*may_be_cached=*/true);
  if (!discovery.ok()) return Failure(discovery.status());
  if (!*discovery) return NotFound("source", id);
  if (!(*discovery)->catalog) return ConnectorFailure((*discovery)->outcome.status);
  std::vector<std::string> ids;
  const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
    ConnectionFilter filter;
    filter.source_id = id;
    MR_ASSIGN_OR_RETURN(
        ids, ListConnectionIds(transaction, filter, ConnectionOrder::kName, /*descending=*/false));
    return Status::Ok();
  });
  if (!read.ok()) return Failure(read);
  for (const std::string& connection_id : ids) {
    const auto applied = schemas_.Apply(connection_id, *(*discovery)->catalog);
    if (!applied.ok()) return Failure(applied.status());
  }
  return NoContent();
}

}  // namespace millrace
