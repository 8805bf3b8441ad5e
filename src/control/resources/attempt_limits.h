#pragma once

#include <string>
#include <string_view>

#include "attempt/start_document.h"
#include "base/result.h"
#include "control/resources/resource_requirements.h"
#include "protocol/json_field.h"

namespace millrace {

/// What this machine's server or worker sets for attempts that nobody else sets anything for.
struct DefaultResources {
  ResourceRequirements attempt;  ///< JOB_MAIN_CONTAINER_*: of the whole attempt
  /// `resources:` of config.yaml: what each part of an attempt gets; together they are one process.
  ResourceRequirements source, destination, orchestrator;
};

/// JOB_MAIN_CONTAINER_{CPU,MEMORY}_{REQUEST,LIMIT}. Config errors name the variable.
Result<ResourceRequirements> RequirementsFromEnvironment();

/// What was set for one end of a connection, as it is stored.
struct EndResources {
  JsonValue actor;       ///< the source's or destination's resourceAllocation
  JsonValue definition;  ///< its connector's resourceRequirements
};

/// What a job's attempt may use. An attempt is one process where Airbyte has a container for each
/// end and one between them. So, for processors and for memory alike, the first of these counts:
///
/// - what the connection says, for the attempt as a whole;
/// - what its ends say (the source or destination itself, else its definition: for the type of job,
///   else by default), added up; an end that says nothing counts as the machine's default says, and
///   as nothing when that doesn't say anything either;
/// - the machine's default for a whole attempt;
/// - its defaults for the parts, added up.
///
/// `job_type`: Airbyte's ("sync", "reset_connection").
Result<ResourceLimits> LimitsOfAttempt(const Json& of_connection, const EndResources& source,
                                       const EndResources& destination, std::string_view job_type,
                                       const DefaultResources& defaults);

/// For the attempt's log: "it may use 512 MiB of memory and 1.5 processors"; empty without limits.
std::string LimitsInWords(const ResourceLimits& limits);

}  // namespace millrace
