#include "control/resources/attempt_limits.h"

#include <cstdlib>
#include <nlohmann/json.hpp>

namespace millrace {
namespace {

using Limit = std::optional<int64_t> ResourceRequirements::*;

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

}  // namespace

Result<ResourceRequirements> RequirementsFromEnvironment() {
  constexpr std::pair<const char*, const char*> kVariables[] = {
      {"JOB_MAIN_CONTAINER_CPU_REQUEST", "cpu_request"},
      {"JOB_MAIN_CONTAINER_CPU_LIMIT", "cpu_limit"},
      {"JOB_MAIN_CONTAINER_MEMORY_REQUEST", "memory_request"},
      {"JOB_MAIN_CONTAINER_MEMORY_LIMIT", "memory_limit"}};
  Json said = Json::object();
  for (const auto& [variable, field] : kVariables) {
    const char* const text = std::getenv(variable);
    if (text == nullptr) continue;
    // One at a time first, so that the message has the variable's own name.
    const auto alone = RequirementsFromJson({{field, text}}, variable);
    if (!alone.ok()) return alone.status();
    said[field] = text;
  }
  return RequirementsFromJson(said, "JOB_MAIN_CONTAINER");
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

}  // namespace millrace
