#include "server/config_api/builder_routes.h"

#include <nlohmann/json.hpp>

#include "server/config_api/builder_project_calls.h"
#include "server/config_api/builder_read_calls.h"
#include "server/config_api/config_routes.h"
#include "server/config_api/manifest_version_calls.h"

namespace millrace {
namespace {

template <typename Calls>
struct BuilderRow {
  const char* path;
  ApiReply (Calls::*call)(const Json&) const;
};

constexpr BuilderRow<BuilderProjectCalls> kProjectCalls[] = {
    {"connector_builder_projects/create", &BuilderProjectCalls::Create},
    {"connector_builder_projects/update", &BuilderProjectCalls::Update},
    {"connector_builder_projects/delete", &BuilderProjectCalls::Delete},
    {"connector_builder_projects/list", &BuilderProjectCalls::List},
    {"connector_builder_projects/get_with_manifest", &BuilderProjectCalls::GetWithManifest},
    {"connector_builder_projects/get_for_definition_id", &BuilderProjectCalls::GetForDefinition},
    {"connector_builder_projects/fork", &BuilderProjectCalls::Fork},
    {"connector_builder_projects/update_testing_values", &BuilderProjectCalls::UpdateTestingValues},
    {"connector_builder_projects/capabilities", &BuilderProjectCalls::Capabilities},
    {"connector_builder_projects/get_base_image", &BuilderProjectCalls::GetBaseImage},
    {"connector_builder_projects/contribute/check", &BuilderProjectCalls::CheckContribution},
};
constexpr BuilderRow<BuilderReadCalls> kReadCalls[] = {
    {"connector_builder_projects/resolve", &BuilderReadCalls::Resolve},
    {"connector_builder_projects/full_resolve", &BuilderReadCalls::FullResolve},
    {"connector_builder_projects/read_stream", &BuilderReadCalls::ReadStream},
};
constexpr BuilderRow<ManifestVersionCalls> kVersionCalls[] = {
    {"connector_builder_projects/publish", &ManifestVersionCalls::Publish},
    {"declarative_source_definitions/create_manifest", &ManifestVersionCalls::Create},
    {"declarative_source_definitions/update_active_manifest", &ManifestVersionCalls::UpdateActive},
    {"declarative_source_definitions/list_manifests", &ManifestVersionCalls::List},
};

/// Calls that Airbyte answers with another service's help.
struct RefusedCall {
  const char* path;
  const char* message;
};
constexpr RefusedCall kRefused[] = {
    {"connector_builder_projects/contribute/generate",
     "contributing opens a pull request on GitHub, which this server doesn't do: take the manifest "
     "from connector_builder_projects/get_with_manifest and send it there"},
    {"connector_builder_projects/get_oauth_consent_url",
     "this version has no OAuth consent in a browser: enter a refresh token as a testing value"},
    {"connector_builder_projects/complete_oauth",
     "this version has no OAuth consent in a browser: enter a refresh token as a testing value"},
};

template <typename Calls, size_t size>
void AddRows(ConfigRoutes& routes, const Calls& calls, const BuilderRow<Calls> (&rows)[size]) {
  for (const BuilderRow<Calls>& row : rows) {
    AddCall(routes, "POST", row.path,
            [calls, call = row.call](const Json& body) { return (calls.*call)(body); });
  }
}

}  // namespace

void AddBuilderRoutes(ConfigRoutes& routes, const Services& services) {
  const BuilderProbe probe(services);
  AddRows(routes, BuilderProjectCalls(services, probe), kProjectCalls);
  AddRows(routes, BuilderReadCalls(services, probe), kReadCalls);
  AddRows(routes, ManifestVersionCalls(services, probe), kVersionCalls);
  for (const RefusedCall& refused : kRefused) {
    AddCall(routes, "POST", refused.path, [message = refused.message](const Json&) {
      return ApiReply{422, Json{{"message", message}}};
    });
  }
}

}  // namespace millrace
