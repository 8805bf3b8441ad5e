#include "control/resources/resource_requirements.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string>

#include "base/nearest_names.h"
#include "control/resources/resource_quantity.h"

namespace millrace {
namespace {

/// A little more than what an attempt takes before it has read a row.
constexpr int64_t kLeastMemory = 32 << 20;

struct Field {
  std::string_view name;
  Result<int64_t> (*parse)(std::string_view);
  std::optional<int64_t> ResourceRequirements::*member;
};
constexpr Field kFields[] = {
    {"cpu_request", CpuMillicoresOf, &ResourceRequirements::cpu_request},
    {"cpu_limit", CpuMillicoresOf, &ResourceRequirements::cpu_limit},
    {"memory_request", MemoryBytesOf, &ResourceRequirements::memory_request},
    {"memory_limit", MemoryBytesOf, &ResourceRequirements::memory_limit},
};
/// A request sets nothing aside here; the field of Airbyte's is taken.
constexpr std::string_view kIgnored = "ephemeral_storage_request";
constexpr std::string_view kNotEnforced = "ephemeral_storage_limit";
/// Airbyte's.
constexpr std::string_view kJobTypes[] = {"get_spec", "check_connection", "discover_schema",
                                          "sync",     "reset_connection", "connection_updater",
                                          "replicate"};

bool SaysNothing(const Json& value) { return value.is_null() || value == Json(""); }

Status NoSuchField(const std::string& key, std::string_view name) {
  if (key == kNotEnforced) {
    return ConfigError("{}.{} can't be enforced by this version: leave it out", name, key);
  }
  std::vector<std::string> known;
  for (const Field& field : kFields) known.emplace_back(field.name);
  return ConfigError("{}.{} is no resource; there are {}", name, key, fmt::join(known, ", "));
}

Status CheckPair(std::optional<int64_t> request, std::optional<int64_t> limit,
                 std::string_view what, std::string_view name) {
  if (!request || !limit || *limit == 0 || *request <= *limit) return Status::Ok();
  return ConfigError("{}: {}_request is more than {}_limit", name, what, what);
}

/// The part for the job's type; null when there is none.
Result<ResourceRequirements> OfJobType(const Json& list, const std::string& name,
                                       std::string_view job_type) {
  ResourceRequirements found;
  if (list.is_null()) return found;
  if (!list.is_array()) return ConfigError("{} must be a list", name);
  for (size_t i = 0; i < list.size(); ++i) {
    const std::string place = fmt::format("{}[{}]", name, i);
    if (!list[i].is_object()) return ConfigError("{} must be an object", place);
    const Json type = list[i].value("jobType", Json());
    const bool known =
        std::any_of(std::begin(kJobTypes), std::end(kJobTypes),
                    [&](std::string_view candidate) { return type == Json(candidate); });
    if (!known) {
      return ConfigError("{}.jobType is {}; it may be {}", place, type.dump(),
                         fmt::join(kJobTypes, ", "));
    }
    MR_ASSIGN_OR_RETURN(const ResourceRequirements part,
                        RequirementsFromJson(list[i].value("resourceRequirements", Json()),
                                             place + ".resourceRequirements"));
    if (type == Json(job_type)) found = Prefer(found, part);
  }
  return found;
}

}  // namespace

Result<ResourceRequirements> RequirementsFromJson(const Json& json, std::string_view name) {
  ResourceRequirements requirements;
  if (json.is_null()) return requirements;
  if (!json.is_object()) return ConfigError("{} must be an object", name);
  for (const auto& [key, value] : json.items()) {
    const auto field = std::find_if(std::begin(kFields), std::end(kFields),
                                    [&](const Field& known) { return known.name == key; });
    if (SaysNothing(value) || key == kIgnored) continue;
    if (field == std::end(kFields)) return NoSuchField(key, name);
    const std::string place = fmt::format("{}.{}", name, key);
    if (!value.is_string()) {
      return ConfigError("{} must be a text, like \"500m\" or \"1Gi\"", place);
    }
    auto amount = field->parse(value.get_ref<const std::string&>());
    if (!amount.ok()) return amount.status().WithContext(place);
    requirements.*field->member = *amount;
  }
  const auto& memory = requirements.memory_limit;
  if (memory && *memory > 0 && *memory < kLeastMemory) {
    return ConfigError(
        "{}.memory_limit is {} bytes: an attempt needs {}Mi at least (has the unit "
        "been forgotten?)",
        name, *memory, kLeastMemory >> 20);
  }
  MR_RETURN_IF_ERROR(CheckPair(requirements.cpu_request, requirements.cpu_limit, "cpu", name));
  MR_RETURN_IF_ERROR(CheckPair(requirements.memory_request, memory, "memory", name));
  return requirements;
}

Result<ResourceRequirements> ScopedRequirementsFromJson(const Json& json, std::string_view name,
                                                        std::string_view job_type) {
  if (json.is_null()) return ResourceRequirements();
  if (!json.is_object()) return ConfigError("{} must be an object", name);
  for (const auto& [key, value] : json.items()) {
    if (key == "default" || key == "jobSpecific") continue;
    return ConfigError("{}.{} is not known; there are default and jobSpecific", name, key);
  }
  MR_ASSIGN_OR_RETURN(
      const ResourceRequirements all,
      RequirementsFromJson(json.value("default", Json()), fmt::format("{}.default", name)));
  MR_ASSIGN_OR_RETURN(
      const ResourceRequirements of_type,
      OfJobType(json.value("jobSpecific", Json()), fmt::format("{}.jobSpecific", name), job_type));
  return Prefer(of_type, all);
}

Status CheckScopedRequirements(const Json& json, std::string_view name) {
  return ScopedRequirementsFromJson(json, name, "").status();
}

ResourceRequirements Prefer(const ResourceRequirements& first, const ResourceRequirements& second) {
  ResourceRequirements both = second;
  for (const Field& field : kFields) {
    if (first.*field.member) both.*field.member = first.*field.member;
  }
  return both;
}

}  // namespace millrace
