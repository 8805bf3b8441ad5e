#include "server/config_api/connection_routes.h"

#include <nlohmann/json.hpp>

#include "server/config_api/config_routes.h"
#include "server/config_api/connection_calls.h"
#include "server/config_api/connection_event_calls.h"
#include "server/config_api/connection_history_calls.h"
#include "server/config_api/connection_status_calls.h"
#include "server/config_api/custom_definition_calls.h"
#include "server/config_api/schema_calls.h"
#include "server/config_api/state_calls.h"
#include "server/config_api/tag_calls.h"
#include "server/config_api/version_calls.h"
#include "server/config_api/web_backend_calls.h"

namespace millrace {
namespace {

/// One method of a class of calls under its path.
template <typename Calls>
struct CallRow {
  const char* path;
  ApiReply (Calls::*call)(const Json&) const;
};
/// One that asks who calls.
template <typename Calls>
struct CallerRow {
  const char* path;
  ApiReply (Calls::*call)(const Json&, const Caller&) const;
};

template <typename Calls, size_t size>
void AddAll(ConfigRoutes& routes, const Calls& calls, const CallRow<Calls> (&rows)[size]) {
  for (const CallRow<Calls>& row : rows) {
    AddCall(routes, "POST", row.path,
            [calls, call = row.call](const Json& body) { return (calls.*call)(body); });
  }
}

template <typename Calls, size_t size>
void AddAll(ConfigRoutes& routes, const Calls& calls, const CallerRow<Calls> (&rows)[size]) {
  for (const CallerRow<Calls>& row : rows) {
    AddCall(routes, "POST", row.path,
            [calls, call = row.call](const Json& body, const Caller& caller) {
              return (calls.*call)(body, caller);
            });
  }
}

constexpr CallerRow<ConnectionCalls> kConnectionChanges[] = {
    {"connections/create", &ConnectionCalls::Create},
    {"connections/update", &ConnectionCalls::Update},
    {"connections/update_with_reason", &ConnectionCalls::UpdateWithReason},
    {"connections/delete", &ConnectionCalls::Delete},
};
constexpr CallRow<ConnectionCalls> kConnectionCalls[] = {
    {"connections/get", &ConnectionCalls::Get},
    {"connections/list", &ConnectionCalls::List},
    {"connections/list_all", &ConnectionCalls::ListAll},
    {"connections/list_paginated", &ConnectionCalls::ListPaginated},
    {"connections/search", &ConnectionCalls::Search},
    {"connections/list_by_actor_definition", &ConnectionCalls::ListByDefinition},
    {"connections/get_context", &ConnectionCalls::GetContext},
    {"operations/list", &ConnectionCalls::ListOperations},
};
constexpr CallRow<ConnectionStatusCalls> kStatusCalls[] = {
    {"connections/status", &ConnectionStatusCalls::Statuses},
    {"web_backend/connections/status_counts", &ConnectionStatusCalls::Counts},
    {"web_backend/workspace/state", &ConnectionStatusCalls::WorkspaceState},
};
constexpr CallRow<SchemaCalls> kSchemaCalls[] = {
    {"sources/discover_schema", &SchemaCalls::Discover},
    {"sources/most_recent_source_actor_catalog", &SchemaCalls::MostRecent},
    {"sources/apply_schema_changes", &SchemaCalls::ApplyToSource},
    {"connections/apply_schema_changes", &SchemaCalls::ApplyToConnection},
};
constexpr CallerRow<WebBackendCalls> kWebBackendChanges[] = {
    {"web_backend/connections/create", &WebBackendCalls::Create},
    {"web_backend/connections/update", &WebBackendCalls::Update},
};
constexpr CallRow<WebBackendCalls> kWebBackendCalls[] = {
    {"web_backend/connections/list", &WebBackendCalls::List},
    {"web_backend/connections/get", &WebBackendCalls::Get},
    {"web_backend/describe_cron_expression", &WebBackendCalls::DescribeCron},
    {"web_backend/check_updates", &WebBackendCalls::CheckUpdates},
};
constexpr CallRow<TagCalls> kTagCalls[] = {
    {"tags/list", &TagCalls::List},     {"tags/get", &TagCalls::Get},
    {"tags/create", &TagCalls::Create}, {"tags/update", &TagCalls::Update},
    {"tags/delete", &TagCalls::Delete},
};
constexpr CallRow<StateCalls> kStateCalls[] = {
    {"state/get", &StateCalls::Get},
    {"state/create_or_update_safe", &StateCalls::Replace},
    {"web_backend/state/get_type", &StateCalls::GetType},
};
constexpr CallRow<ConnectionEventCalls> kEventCalls[] = {
    {"connections/events/list", &ConnectionEventCalls::List},
    {"connections/events/get", &ConnectionEventCalls::Get},
    {"connections/events/list_minimal", &ConnectionEventCalls::ListMinimal},
};

constexpr CallRow<ConnectionHistoryCalls> kHistoryCalls[] = {
    {"connections/sync_progress", &ConnectionHistoryCalls::SyncProgress},
    {"connections/last_job_per_stream", &ConnectionHistoryCalls::LastJobPerStream},
    {"connections/history/uptime", &ConnectionHistoryCalls::Uptime},
    {"connections/history/data", &ConnectionHistoryCalls::Uptime},
    {"connections/stream_history", &ConnectionHistoryCalls::StreamHistory},
    {"stream_statuses/list", &ConnectionHistoryCalls::StreamStatuses},
    {"stream_statuses/latest_per_run_state", &ConnectionHistoryCalls::LatestPerRunState},
};
constexpr CallRow<VersionCalls> kVersionCalls[] = {
    {"actor_definition_versions/get_for_source", &VersionCalls::GetForSource},
    {"actor_definition_versions/get_for_destination", &VersionCalls::GetForDestination},
    {"actor_definition_versions/get_default", &VersionCalls::GetDefault},
    {"actor_definition_versions/resolve", &VersionCalls::Resolve},
    {"source_definition_specifications/get_for_source", &VersionCalls::SpecificationForSource},
    {"destination_definition_specifications/get_for_destination",
     &VersionCalls::SpecificationForDestination},
    {"sources/upgrade_version", &VersionCalls::UpgradeSource},
    {"destinations/upgrade_version", &VersionCalls::UpgradeDestination},
    {"connector_documentation/get", &VersionCalls::Documentation},
};
constexpr CallRow<CustomDefinitionCalls> kSourceDefinitionCalls[] = {
    {"source_definitions/create_custom", &CustomDefinitionCalls::Create},
    {"source_definitions/update", &CustomDefinitionCalls::Update},
};
constexpr CallerRow<CustomDefinitionCalls> kSourceDefinitionDeletion[] = {
    {"source_definitions/delete", &CustomDefinitionCalls::Delete},
};
constexpr CallRow<CustomDefinitionCalls> kDestinationDefinitionCalls[] = {
    {"destination_definitions/create_custom", &CustomDefinitionCalls::Create},
    {"destination_definitions/update", &CustomDefinitionCalls::Update},
};
constexpr CallerRow<CustomDefinitionCalls> kDestinationDefinitionDeletion[] = {
    {"destination_definitions/delete", &CustomDefinitionCalls::Delete},
};

}  // namespace

void AddConnectionRoutes(ConfigRoutes& routes, const Services& services) {
  const ConnectionCalls connections(services);
  AddAll(routes, connections, kConnectionChanges);
  AddAll(routes, connections, kConnectionCalls);
  AddCall(routes, "GET", "connections/{connectionId}",
          [connections](const Json& body) { return connections.Get(body); });
  AddAll(routes, ConnectionStatusCalls(services), kStatusCalls);
  AddAll(routes, SchemaCalls(services), kSchemaCalls);
  AddAll(routes, WebBackendCalls(services), kWebBackendChanges);
  AddAll(routes, WebBackendCalls(services), kWebBackendCalls);
  AddAll(routes, ConnectionHistoryCalls(services), kHistoryCalls);
  AddAll(routes, VersionCalls(services), kVersionCalls);
  const CustomDefinitionCalls sources(services, ConnectorType::kSource);
  AddAll(routes, sources, kSourceDefinitionCalls);
  AddAll(routes, sources, kSourceDefinitionDeletion);
  const CustomDefinitionCalls destinations(services, ConnectorType::kDestination);
  AddAll(routes, destinations, kDestinationDefinitionCalls);
  AddAll(routes, destinations, kDestinationDefinitionDeletion);
  AddAll(routes, TagCalls(services), kTagCalls);
  AddAll(routes, StateCalls(services), kStateCalls);
  AddAll(routes, ConnectionEventCalls(services), kEventCalls);
}

}  // namespace millrace
