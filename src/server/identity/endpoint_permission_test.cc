#include "server/identity/endpoint_permission.h"

#include <gtest/gtest.h>

#include <sstream>

namespace millrace {
namespace {

Permission Of(const std::string& method, const std::string& path) {
  HttpRequest request;
  request.method = method;
  std::istringstream parts(path);
  for (std::string part; std::getline(parts, part, '/');) {
    if (!part.empty()) request.path.push_back(part);
  }
  return PermissionFor(request);
}

TEST(EndpointPermission, AsksWhatATableSays) {
  struct Case {
    const char* method;
    const char* path;
    Permission permission;
  };
  const Case cases[] = {
      {"GET", "/", Permission::kNothing},
      {"GET", "/assets/a.js", Permission::kNothing},
      {"GET", "/api/v1/health/", Permission::kNothing},
      {"GET", "/api/public/v1/health", Permission::kNothing},
      {"POST", "/v1/applications/token", Permission::kNothing},
      {"POST", "/api/v1/applications/token", Permission::kNothing},
      {"POST", "/api/v1/applications/create", Permission::kOwnAccount},
      {"POST", "/api/public/v1/applications/token", Permission::kNothing},
      {"GET", "/api/public/v1/applications", Permission::kOwnAccount},
      {"GET", "/api/v1/instance_configuration", Permission::kNothing},
      {"POST", "/api/v1/instance_configuration/setup", Permission::kAdminister},
      {"POST", "/api/v1/users/change_password", Permission::kChangePassword},
      {"POST", "/api/v1/users/get_by_auth_id", Permission::kOwnAccount},
      {"POST", "/api/v1/users/list_by_workspace_id", Permission::kRead},
      {"POST", "/api/v1/users/delete", Permission::kAdminister},
      {"POST", "/api/v1/sources/list", Permission::kRead},
      {"POST", "/api/v1/sources", Permission::kEdit},
      {"POST", "/api/v1/sources/create", Permission::kEdit},
      {"POST", "/api/v1/sources/check_connection_for_update", Permission::kRun},
      {"POST", "/api/v1/connections/sync", Permission::kRun},
      {"POST", "/api/v1/connections/reset/stream", Permission::kRun},
      {"POST", "/api/v1/connections/update", Permission::kEdit},
      {"GET", "/api/v1/connections/1", Permission::kRead},
      {"POST", "/api/v1/web_backend/connections/get", Permission::kRead},
      {"POST", "/api/v1/web_backend/connections/update", Permission::kEdit},
      {"POST", "/api/v1/state/get", Permission::kRead},
      {"POST", "/api/v1/state/create_or_update_safe", Permission::kEdit},
      {"POST", "/api/v1/workspaces/delete", Permission::kAdminister},
      {"POST", "/api/v1/source_definitions/create_custom", Permission::kAdminister},
      {"POST", "/api/v1/connector_builder_projects/list", Permission::kRead},
      {"POST", "/api/v1/connector_builder_projects/get_with_manifest", Permission::kRead},
      {"POST", "/api/v1/connector_builder_projects/create", Permission::kEdit},
      {"POST", "/api/v1/connector_builder_projects/update_testing_values", Permission::kEdit},
      {"POST", "/api/v1/connector_builder_projects/read_stream", Permission::kRun},
      {"POST", "/api/v1/connector_builder_projects/publish", Permission::kAdminister},
      {"POST", "/api/v1/declarative_source_definitions/create_manifest", Permission::kAdminister},
      {"POST", "/api/v1/declarative_source_definitions/list_manifests", Permission::kRead},
      {"GET", "/api/public/v1/jobs", Permission::kRead},
      {"POST", "/api/public/v1/jobs", Permission::kRun},
      {"DELETE", "/api/public/v1/jobs/3", Permission::kRun},
      {"PUT", "/api/public/v1/sources/3", Permission::kEdit},
      {"POST", "/api/public/v1/workspaces/3/definitions/sources", Permission::kAdminister},
      {"GET", "/api/unheard/of", Permission::kAdminister},
      {"GET", "/metrics", Permission::kRead},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(Of(one.method, one.path), one.permission) << one.method << " " << one.path;
  }
}

}  // namespace
}  // namespace millrace
