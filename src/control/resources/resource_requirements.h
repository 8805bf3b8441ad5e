#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace millrace {

/// Airbyte's resource requirements of one container. Absent: the next one who may say it does. A
/// limit of 0 says that there is none. A plain value.
struct ResourceRequirements {
  std::optional<int64_t> cpu_request, cpu_limit;        ///< thousandths of a processor
  std::optional<int64_t> memory_request, memory_limit;  ///< bytes

  bool empty() const { return !cpu_request && !cpu_limit && !memory_request && !memory_limit; }
};

/// {"cpu_request", "cpu_limit", "memory_request", "memory_limit"}; empty texts and nulls are as if
/// they weren't there. Config errors that name the field below `name`: an amount that is none, a
/// request above its limit, a limit of memory that no attempt can live in, and what nobody here
/// could enforce (ephemeral_storage_limit) or ever heard of.
Result<ResourceRequirements> RequirementsFromJson(const Json& json, std::string_view name);

/// Of definitions, sources and destinations: {"default": …, "jobSpecific": [{"jobType",
/// "resourceRequirements"}]}; what is said for the job's type comes before the default, field by
/// field. Null says nothing. Config errors as above, of every part whatever `job_type` is.
Result<ResourceRequirements> ScopedRequirementsFromJson(const Json& json, std::string_view name,
                                                        std::string_view job_type);
/// The same rules, when nothing is wanted but the errors.
Status CheckScopedRequirements(const Json& json, std::string_view name);

/// `first`, and what it leaves open from `second`.
ResourceRequirements Prefer(const ResourceRequirements& first, const ResourceRequirements& second);

}  // namespace millrace
