#include "server/identity/endpoint_permission.h"

#include <string_view>

namespace millrace {
namespace {

/// A part "*" is any one part of a path, "get*" any that begins so, a last "**" any that follow.
struct EndpointRule {
  std::string_view method;  ///< empty: any
  std::string_view path;
  Permission permission;
};

/// The first that fits counts.
constexpr EndpointRule kRules[] = {
    {"", "/api/v1/health", Permission::kNothing},
    {"", "/api/public/v1/health", Permission::kNothing},
    {"", "/api/v1/openapi", Permission::kNothing},
    {"", "/api/public/v1", Permission::kNothing},
    {"", "/api/login", Permission::kNothing},
    {"", "/api/logout", Permission::kNothing},
    {"", "/api/v1/applications/token", Permission::kNothing},
    {"", "/api/public/v1/applications/token", Permission::kNothing},
    {"", "/api/v1/instance_configuration", Permission::kNothing},
    {"", "/api/v1/instance_configuration/setup", Permission::kAdminister},

    {"", "/api/v1/users/change_password", Permission::kChangePassword},
    {"", "/api/v1/users/get*", Permission::kOwnAccount},
    {"", "/api/v1/applications/*", Permission::kOwnAccount},
    {"", "/api/public/v1/applications/**", Permission::kOwnAccount},

    {"", "/api/v1/workspaces/get*", Permission::kRead},
    {"", "/api/v1/workspaces/list*", Permission::kRead},
    {"", "/api/v1/workspaces/update*", Permission::kEdit},
    {"", "/api/v1/workspaces/**", Permission::kAdminister},
    {"", "/api/v1/state/create_or_update*", Permission::kEdit},
    {"", "/api/v1/*/check_connection*", Permission::kRun},
    {"", "/api/v1/scheduler/**", Permission::kRun},
    {"", "/api/v1/*/discover_schema", Permission::kRun},
    {"", "/api/v1/jobs/cancel", Permission::kRun},
    {"", "/api/v1/connector_builder_projects/read_stream", Permission::kRun},
    {"", "/api/v1/connector_builder_projects/resolve", Permission::kRun},
    {"", "/api/v1/connector_builder_projects/full_resolve", Permission::kRun},
    {"", "/api/v1/connector_builder_projects/capabilities", Permission::kRead},
    {"", "/api/v1/connector_builder_projects/contribute/check", Permission::kRead},
    {"", "/api/v1/connector_builder_projects/publish", Permission::kAdminister},
    {"", "/api/v1/connections/sync", Permission::kRun},
    {"", "/api/v1/connections/reset/**", Permission::kRun},
    {"", "/api/v1/connections/clear/**", Permission::kRun},
    {"", "/api/v1/connections/refresh", Permission::kRun},
    {"", "/api/v1/*/get*", Permission::kRead},
    {"", "/api/v1/*/list*", Permission::kRead},
    {"", "/api/v1/*/search", Permission::kRead},
    {"", "/api/v1/jobs/**", Permission::kRead},
    {"", "/api/v1/stream_statuses/**", Permission::kRead},
    {"", "/api/v1/connections/status", Permission::kRead},
    {"", "/api/v1/connections/sync_progress", Permission::kRead},
    {"", "/api/v1/connections/last_job_per_stream", Permission::kRead},
    {"", "/api/v1/connections/stream_history", Permission::kRead},
    {"", "/api/v1/connections/history/*", Permission::kRead},
    {"", "/api/v1/connections/events/*", Permission::kRead},
    {"GET", "/api/v1/connections/*", Permission::kRead},
    {"", "/api/v1/web_backend/*/get*", Permission::kRead},
    {"", "/api/v1/web_backend/*/list*", Permission::kRead},
    {"", "/api/v1/web_backend/*/status_counts", Permission::kRead},
    {"", "/api/v1/web_backend/check_updates", Permission::kRead},
    {"GET", "/api/v1/web_backend/config", Permission::kRead},
    {"", "/api/v1/web_backend/describe_cron_expression", Permission::kRead},
    {"", "/api/v1/web_backend/workspace/state", Permission::kRead},
    {"", "/api/v1/sources/**", Permission::kEdit},
    {"", "/api/v1/destinations/**", Permission::kEdit},
    {"", "/api/v1/connections/**", Permission::kEdit},
    {"", "/api/v1/web_backend/connections/**", Permission::kEdit},
    {"", "/api/v1/tags/**", Permission::kEdit},
    {"", "/api/v1/connector_builder_projects/**", Permission::kEdit},
    {"", "/api/v1/**", Permission::kAdminister},

    {"POST", "/api/public/v1/jobs", Permission::kRun},
    {"DELETE", "/api/public/v1/jobs/*", Permission::kRun},
    {"POST", "/api/public/v1/*/*/check", Permission::kRun},
    {"POST", "/api/public/v1/*/*/discover", Permission::kRun},
    {"POST", "/api/public/v1/connections/*/refresh", Permission::kRun},
    {"POST", "/api/public/v1/connections/*/clear", Permission::kRun},
    {"GET", "/api/public/v1/**", Permission::kRead},
    {"POST", "/api/public/v1/workspaces", Permission::kAdminister},
    {"DELETE", "/api/public/v1/workspaces/*", Permission::kAdminister},
    {"", "/api/public/v1/workspaces/*/definitions/**", Permission::kAdminister},
    {"", "/api/public/v1/**", Permission::kEdit},

    {"", "/metrics", Permission::kRead},
    {"", "/api/**", Permission::kAdminister},
    {"", "/**", Permission::kNothing},
};

bool Fits(std::string_view pattern, const std::vector<std::string>& path) {
  size_t at = 0;
  while (!pattern.empty()) {
    pattern.remove_prefix(1);  // its slash
    const std::string_view part = pattern.substr(0, pattern.find('/'));
    pattern.remove_prefix(part.size());
    if (part == "**") return true;
    if (at == path.size()) return false;
    const bool begins = part.ends_with('*');
    const bool fits =
        begins ? path[at].starts_with(part.substr(0, part.size() - 1)) : path[at] == part;
    if (!fits) return false;
    ++at;
  }
  return at == path.size();
}

}  // namespace

Permission PermissionFor(const HttpRequest& request) {
  for (const EndpointRule& rule : kRules) {
    if (!rule.method.empty() && rule.method != request.method) continue;
    if (Fits(rule.path, request.path)) return rule.permission;
  }
  return Permission::kAdminister;
}

bool MayDo(const Person&, Permission) { return true; }

}  // namespace millrace
