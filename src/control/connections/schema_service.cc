#include "control/connections/schema_service.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/uuid.h"
#include "control/connections/changed_configuration.h"
#include "control/connections/connection_timeline.h"
#include "control/connections/destination_modes.h"
#include "control/schema/catalog_diff.h"
#include "control/schema/catalog_propagation.h"
#include "control/schema/catalog_rules.h"
#include "control/schema/pause_words.h"
#include "control/schema/sync_catalog.h"
#include "control/secrets/config_references.h"
#include "control/store/connection_events.h"
#include "control/store/connection_lock.h"
#include "control/store/resource_requirements.h"

namespace millrace {
namespace {

constexpr int kApplyTriesMax = 5;
/// Airbyte's words for why a connection was paused.
constexpr const char* kBreaking = "SCHEMA_CHANGES_ARE_BREAKING";
constexpr const char* kAnyChange = "DISABLE_CONNECTION_IF_ANY_SCHEMA_CHANGES";

/// Of all that decides what a source offers. Keyed: configurations hold secrets.
std::string HashOf(const SecretBox& box, const Actor& source, const Definition& definition,
                   const std::string& configuration) {
  std::string hash;
  for (const char byte :
       box.KeyFor(fmt::format("configuration of {} {} {} {}", source.id, definition.name,
                              definition.version, configuration))) {
    hash += fmt::format("{:02x}", static_cast<uint8_t>(byte));
  }
  return hash;
}

/// The streams that were there when the connection's owner chose; all that is offered now when
/// that isn't known.
Result<std::set<StreamDescriptor>> KnownStreams(SqlTransaction& transaction,
                                                const Connection& connection, const Json& offered) {
  const Json& id = FieldOf(*connection.document, "sourceCatalogId");
  std::optional<DiscoveredCatalog> baseline;
  if (id.is_string()) {
    MR_ASSIGN_OR_RETURN(baseline, FindDiscoveredCatalog(transaction, id.get<std::string>()));
  }
  Json catalog = offered;
  if (baseline) {
    MR_ASSIGN_OR_RETURN(catalog, SyncCatalogOf(*baseline->catalog));
  }
  std::set<StreamDescriptor> known;
  for (const Json& entry : catalog["streams"]) known.insert(DescriptorOf(entry));
  return known;
}

/// Entries whose columns nobody knew when the connection was made.
Json WithoutColumnless(const Json& catalog) {
  Json rest{{"streams", Json::array()}};
  for (const Json& entry : FieldOf(catalog, "streams")) {
    if (!ColumnsOf(entry["stream"]["jsonSchema"]).empty()) rest["streams"].push_back(entry);
  }
  return rest;
}

/// Streams that a connection has, but that had no columns to compare, are not new.
void AddStreamsOf(const Json& catalog, std::set<StreamDescriptor>* known) {
  for (const Json& entry : FieldOf(catalog, "streams")) known->insert(DescriptorOf(entry));
}

bool ConcernsSelection(const Json& diff, const Json& catalog) {
  for (const Json& transform : FieldOf(diff, "transforms")) {
    const Json* entry =
        FindEntry(catalog, DescriptorOf(Json{{"stream", FieldOf(transform, "streamDescriptor")}}));
    if (entry == nullptr || IsSelected(*entry)) return true;
  }
  return false;
}

/// Null: there is none.
const char* ReasonToPause(const Connection& connection, const SchemaCheck& check) {
  if (check.breaking) return kBreaking;
  const Json& document = *connection.document;
  const bool disables = FieldOf(document, "nonBreakingChangesPreference") == "disable";
  const Json& catalog = FieldOf(document, "syncCatalog");
  return disables && ConcernsSelection(*check.diff, catalog) ? kAnyChange : nullptr;
}

void Pause(const char* reason, SchemaCheck* check) {
  Connection& connection = check->connection;
  check->paused = true;
  connection.status = "inactive";
  connection.next_run_at.reset();
  Json document = *connection.document;
  document["statusReason"] = reason;
  document[kPausedBecause] = WhyPaused(*check->diff, FieldOf(document, "syncCatalog"));
  document["breakingChange"] = check->breaking;
  document["schemaChange"] = check->breaking ? "breaking" : "non_breaking";
  connection.document = std::move(document);
}

}  // namespace

Result<std::string> SchemaService::HashNow(const Actor& source,
                                           const Definition& definition) const {
  std::string hash;
  MR_RETURN_IF_ERROR(database_.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(const auto actor, FindActor(transaction, source.kind, source.id));
    const Actor& now = actor ? *actor : source;
    MR_ASSIGN_OR_RETURN(const std::string configuration, box_.Open(now.sealed_configuration));
    hash = HashOf(box_, now, definition, configuration);
    return Status::Ok();
  }));
  return hash;
}

Result<std::optional<Discovery>> SchemaService::Discover(const std::string& source_id,
                                                         bool may_be_cached) const {
  std::optional<Actor> source;
  Discovery discovery;
  std::string configuration, hash;
  EndResources resources;
  std::optional<Definition> definition;
  MR_RETURN_IF_ERROR(database_.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(source, FindActor(transaction, ConnectorType::kSource, source_id));
    if (!source) return Status::Ok();
    MR_ASSIGN_OR_RETURN(
        definition, definitions_.Find(transaction, ConnectorType::kSource, source->definition_id));
    if (!definition) {
      return ConfigError("the source {} is of a definition that isn't there any more",
                         source->name);
    }
    MR_ASSIGN_OR_RETURN(configuration, box_.Open(source->sealed_configuration));
    hash = HashOf(box_, *source, *definition, configuration);
    MR_ASSIGN_OR_RETURN(resources, FindEndResources(transaction, ConnectorType::kSource, source_id,
                                                    source->definition_id));
    if (!may_be_cached) return Status::Ok();
    MR_ASSIGN_OR_RETURN(auto latest, LatestDiscoveredCatalog(transaction, source_id, hash));
    const int64_t age_max = std::chrono::microseconds(kWindow).count();
    if (latest && latest->created_at <= Now() && Now() - latest->created_at < age_max) {
      discovery.catalog = std::move(latest);
      discovery.cached = true;
    }
    return Status::Ok();
  }));
  if (!source) return std::optional<Discovery>();
  if (discovery.cached) return std::optional(std::move(discovery));
  StartDocument start;
  start.task = "discover";
  MR_ASSIGN_OR_RETURN(start.source, StartableConnector(*definition, Json::parse(configuration),
                                                       ServerEnvironment()));
  MR_ASSIGN_OR_RETURN(discovery.outcome,
                      probe_(start, resources, StoreKeeps(database_, box_, clock_, source_id)));
  if (!discovery.outcome.status.ok()) return std::optional(std::move(discovery));
  if (discovery.outcome.configuration_changed) {
    MR_ASSIGN_OR_RETURN(hash, HashNow(*source, *definition));
  }
  // What can't be read is the connector's fault; it is kept from everything else here.
  MR_RETURN_IF_ERROR(SyncCatalogOf(*discovery.outcome.result).status());
  const DiscoveredCatalog found{RandomUuid(), source_id, hash, discovery.outcome.result, Now()};
  MR_RETURN_IF_ERROR(database_.Write(
      [&](SqlTransaction& transaction) { return InsertDiscoveredCatalog(transaction, found); }));
  discovery.catalog = found;
  return std::optional(std::move(discovery));
}

Result<Json> SchemaService::Compare(SqlTransaction& transaction, const Connection& connection,
                                    const DiscoveredCatalog& offered) const {
  MR_ASSIGN_OR_RETURN(const Json catalog, SyncCatalogOf(*offered.catalog));
  MR_ASSIGN_OR_RETURN(auto known, KnownStreams(transaction, connection, catalog));
  const Json& configured = FieldOf(*connection.document, "syncCatalog");
  AddStreamsOf(configured, &known);
  return DiffCatalogs(WithoutColumnless(configured), catalog, known);
}

Status SchemaService::TakeOver(const Json& now, const std::string& offered_id,
                               std::vector<std::string> destination_modes, SchemaCheck* check,
                               Json* applied) const {
  Json document = *check->connection.document;
  CatalogKnowledge known;
  known.offered = now;
  known.destination_modes = std::move(destination_modes);
  const std::string policy = document.value("nonBreakingChangesPreference", "ignore");
  const bool changed = ConcernsSelection(*check->diff, document["syncCatalog"]);
  document["schemaChange"] = changed && policy == "ignore" ? "non_breaking" : "no_change";
  document["breakingChange"] = false;
  if (policy.starts_with("propagate") && !IsEmptyDiff(*check->diff)) {
    Propagation taken = PropagateChanges(document["syncCatalog"], now, *check->diff,
                                         policy == "propagate_fully", known.destination_modes);
    document["syncCatalog"] = *taken.catalog;
    *applied = *taken.applied;
    if (document.value("backfillPreference", "disabled") == "enabled") {
      check->backfill = std::move(taken.gained_columns);
    }
  }
  // The new streams of an ignored change stay new until somebody looks at them.
  if (policy != "ignore" || FieldOf(document, "sourceCatalogId").is_null()) {
    document["sourceCatalogId"] = offered_id;
  }
  AddStreamsOf(document["syncCatalog"], &known.had);
  MR_RETURN_IF_ERROR(NormalizeSyncCatalog(known, &document["syncCatalog"]));
  check->connection.document = std::move(document);
  return Status::Ok();
}

Result<std::optional<SchemaCheck>> SchemaService::ApplyIn(SqlTransaction& transaction,
                                                          const std::string& connection_id,
                                                          const DiscoveredCatalog& offered) const {
  MR_ASSIGN_OR_RETURN(const auto before, FindConnection(transaction, connection_id));
  if (!before) return std::optional<SchemaCheck>();
  MR_ASSIGN_OR_RETURN(const auto destination,
                      FindActor(transaction, ConnectorType::kDestination, before->destination_id));
  if (!destination) return std::optional<SchemaCheck>();
  SchemaCheck check;
  check.connection = *before;
  MR_ASSIGN_OR_RETURN(const Json now, SyncCatalogOf(*offered.catalog));
  MR_ASSIGN_OR_RETURN(const Json diff, Compare(transaction, *before, offered));
  check.diff = diff;
  check.breaking = IsBreakingDiff(diff);
  Json told = diff;
  if (const char* reason = ReasonToPause(*before, check); reason != nullptr) {
    Pause(reason, &check);
  } else {
    told = Json{{"transforms", Json::array()}};
    MR_ASSIGN_OR_RETURN(auto modes,
                        DestinationModesOf(transaction, definitions_, destination->definition_id));
    MR_RETURN_IF_ERROR(TakeOver(now, offered.id, std::move(modes), &check, &told));
  }
  if (*check.connection.document == *before->document &&
      check.connection.status == before->status) {
    return std::optional(std::move(check));
  }
  check.connection.updated_at = Now();
  MR_ASSIGN_OR_RETURN(const bool updated, UpdateConnection(transaction, check.connection));
  if (!updated) return TransientError("the connection was changed at the same time");
  ++check.connection.revision;
  const ChangeReason why{"", "", /*automatic=*/true};
  MR_RETURN_IF_ERROR(TellConnectionChanged(transaction, *before, check.connection, why));
  if (!IsEmptyDiff(told)) {
    ConnectionEvent event;
    event.connection_id = connection_id;
    event.type = "SCHEMA_UPDATE";
    event.summary = Json{{"catalogDiff", told}};
    event.created_at = check.connection.updated_at;
    MR_RETURN_IF_ERROR(InsertConnectionEvent(transaction, std::move(event)));
  }
  return std::optional(std::move(check));
}

Result<std::optional<SchemaCheck>> SchemaService::Apply(const std::string& connection_id,
                                                        const DiscoveredCatalog& offered) const {
  std::optional<SchemaCheck> check;
  Status written;
  for (int attempt = 0; attempt < kApplyTriesMax; ++attempt) {
    written = database_.Write([&](SqlTransaction& transaction) -> Status {
      MR_RETURN_IF_ERROR(LockConnection(transaction, connection_id));
      MR_ASSIGN_OR_RETURN(check, ApplyIn(transaction, connection_id, offered));
      return Status::Ok();
    });
    const bool again = written.failed() && written.error().type == FailureType::kTransientError;
    if (!again) break;
  }
  MR_RETURN_IF_ERROR(written);
  return check;
}

Result<std::optional<SchemaCheck>> SchemaService::BeforeSync(
    const std::string& connection_id) const {
  std::optional<Connection> connection;
  MR_RETURN_IF_ERROR(database_.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(connection, FindConnection(transaction, connection_id));
    return Status::Ok();
  }));
  if (!connection) return std::optional<SchemaCheck>();
  MR_ASSIGN_OR_RETURN(const auto discovery,
                      Discover(connection->source_id, /*may_be_cached=*/true));
  if (!discovery) return std::optional<SchemaCheck>();
  if (!discovery->catalog) return discovery->outcome.status;
  return Apply(connection_id, *discovery->catalog);
}

}  // namespace millrace
