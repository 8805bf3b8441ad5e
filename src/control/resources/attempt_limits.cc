#include "control/resources/attempt_limits.h"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <vector>

#include "control/resources/resource_quantity.h"

namespace millrace {
namespace {

using Limit = std::optional<int64_t> ResourceRequirements::*;

/// Of a manifest that a connector builder tries out, where nobody says otherwise.
constexpr int64_t kBuilderMemory = int64_t{1} << 30;

struct Levels {
  ResourceRequirements connection, source, destination;
  const DefaultResources& defaults;
};

/// 0 is no limit: neither has a sum with it one.
std::optional<int64_t> Sum(std::optional<int64_t> a, std::optional<int64_t> b) {
  if (!a || !b) return a ? a : b;
  return *a == 0 || *b == 0 ? 0 : *a + *b;
}

std::optional<int64_t> FirstOf(std::optional<int64_t> a, std::optional<int64_t> b) {
  return a ? a : b;
}

int64_t Resolve(const Levels& levels, Limit limit) {
  if (const auto& whole = levels.connection.*limit) return *whole;
  const DefaultResources& defaults = levels.defaults;
  const std::optional<int64_t>& attempt = defaults.attempt.*limit;
  const std::optional<int64_t>& source = levels.source.*limit;
  const std::optional<int64_t>& destination = levels.destination.*limit;
  if (source || destination) {
    return Sum(FirstOf(source, FirstOf(attempt, defaults.source.*limit)),
               FirstOf(destination, FirstOf(attempt, defaults.destination.*limit)))
        .value_or(0);
  }
  const auto parts =
      Sum(Sum(defaults.source.*limit, defaults.destination.*limit), defaults.orchestrator.*limit);
  return FirstOf(attempt, parts).value_or(0);
}

Result<ResourceRequirements> OfEnd(const EndResources& end, std::string_view job_type) {
  MR_ASSIGN_OR_RETURN(const ResourceRequirements own,
                      ScopedRequirementsFromJson(*end.actor, "resourceAllocation", job_type));
  MR_ASSIGN_OR_RETURN(
      const ResourceRequirements definition,
      ScopedRequirementsFromJson(*end.definition, "resourceRequirements", job_type));
  return Prefer(own, definition);
}

/// Of the variables CONTAINER_CPU_REQUEST …
Result<ResourceRequirements> OfEnvironment(const std::string& container) {
  struct Variable {
    const char* name;
    const char* field;
    Result<int64_t> (*parse)(std::string_view);
  };
  constexpr Variable kVariables[] = {{"_CPU_REQUEST", "cpu_request", CpuMillicoresOf},
                                     {"_CPU_LIMIT", "cpu_limit", CpuMillicoresOf},
                                     {"_MEMORY_REQUEST", "memory_request", MemoryBytesOf},
                                     {"_MEMORY_LIMIT", "memory_limit", MemoryBytesOf}};
  Json said = Json::object();
  for (const Variable& variable : kVariables) {
    const std::string name = container + variable.name;
    const char* const text = std::getenv(name.c_str());
    if (text == nullptr || *text == '\0') continue;
    const auto amount = variable.parse(text);
    if (!amount.ok()) return amount.status().WithContext(name);
    said[variable.field] = text;
  }
  // What is wrong with them together.
  return RequirementsFromJson(said, container);
}

}  // namespace

Result<DefaultResources> WithEnvironment(DefaultResources resources) {
  MR_ASSIGN_OR_RETURN(resources.attempt, OfEnvironment("JOB_MAIN_CONTAINER"));
  MR_ASSIGN_OR_RETURN(resources.spec, OfEnvironment("SPEC_JOB_MAIN_CONTAINER"));
  MR_ASSIGN_OR_RETURN(resources.check, OfEnvironment("CHECK_JOB_MAIN_CONTAINER"));
  MR_ASSIGN_OR_RETURN(resources.discover, OfEnvironment("DISCOVER_JOB_MAIN_CONTAINER"));
  return resources;
}

Result<ResourceLimits> LimitsOfAttempt(const Json& of_connection, const EndResources& source,
                                       const EndResources& destination, std::string_view job_type,
                                       const DefaultResources& defaults) {
  Levels levels{{}, {}, {}, defaults};
  MR_ASSIGN_OR_RETURN(levels.connection,
                      RequirementsFromJson(of_connection, "resourceRequirements"));
  MR_ASSIGN_OR_RETURN(levels.source, OfEnd(source, job_type));
  MR_ASSIGN_OR_RETURN(levels.destination, OfEnd(destination, job_type));
  return ResourceLimits{Resolve(levels, &ResourceRequirements::memory_limit),
                        Resolve(levels, &ResourceRequirements::cpu_limit)};
}

Result<ResourceLimits> LimitsOfProbe(const StartDocument& probe, const EndResources& end,
                                     const DefaultResources& defaults) {
  struct Task {
    std::string_view name, job_type;
    ResourceRequirements DefaultResources::*defaults;
  };
  constexpr Task kTasks[] = {
      {"spec", "get_spec", &DefaultResources::spec},
      {"check", "check_connection", &DefaultResources::check},
      {"discover", "discover_schema", &DefaultResources::discover},
      {"resolve_manifest", "discover_schema", &DefaultResources::discover},
      {"full_resolve_manifest", "discover_schema", &DefaultResources::discover},
      {"read_stream", "discover_schema", &DefaultResources::discover}};
  const auto task = std::ranges::find(kTasks, std::string_view(probe.task), &Task::name);
  if (task == std::end(kTasks)) return SystemError("{} is no probe", probe.task);
  MR_ASSIGN_OR_RETURN(const ResourceRequirements said, OfEnd(end, task->job_type));
  const ResourceRequirements& of_part = probe.source ? defaults.source : defaults.destination;
  const ResourceRequirements found =
      Prefer(Prefer(said, defaults.*task->defaults), Prefer(defaults.attempt, of_part));
  // What somebody is still writing is never without bounds.
  const bool built = probe.task.ends_with("_manifest") || probe.task == "read_stream";
  return ResourceLimits{found.memory_limit.value_or(built ? kBuilderMemory : 0),
                        found.cpu_limit.value_or(0)};
}

std::string LimitsInWords(const ResourceLimits& limits) {
  std::vector<std::string> parts;
  if (limits.memory_bytes > 0) {
    parts.push_back(fmt::format("{} MiB of memory", limits.memory_bytes >> 20));
  }
  if (limits.cpu_millicores > 0) {
    parts.push_back(
        fmt::format("{} processors", static_cast<double>(limits.cpu_millicores) / 1000));
  }
  return parts.empty() ? "" : fmt::format("it may use {}", fmt::join(parts, " and "));
}

}  // namespace millrace
