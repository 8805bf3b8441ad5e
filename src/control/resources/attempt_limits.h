#pragma once

#include <string>
#include <string_view>

#include "attempt/start_document.h"
#include "base/result.h"
#include "control/resources/end_resources.h"
#include "control/resources/resource_requirements.h"

namespace millrace {

/// What this machine's server or worker sets for processes that nobody else sets anything for.
struct DefaultResources {
  /// JOB_MAIN_CONTAINER_*: of a whole attempt, and of checks and discoveries without words of their
  /// own.
  ResourceRequirements attempt;
  ResourceRequirements spec, check, discover;  ///< {SPEC,CHECK,DISCOVER}_JOB_MAIN_CONTAINER_*
  /// `resources:` of config.yaml: what each part of an attempt gets; together they are one process.
  /// A check or discovery is one end alone.
  ResourceRequirements source, destination, orchestrator;
};

/// Adds what the environment says: each of the containers above with
/// _{CPU,MEMORY}_{REQUEST,LIMIT}. Config errors name the variable.
Result<DefaultResources> WithEnvironment(DefaultResources resources);

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

/// What a check, a discovery or the question for a specification may use: its process is one end
/// alone. The first of these counts: what that end says (as above, for such a job), CHECK_,
/// DISCOVER_ or SPEC_JOB_MAIN_CONTAINER_*, JOB_MAIN_CONTAINER_*, what config.yaml gives that part.
/// `probe`: its task and its end.
Result<ResourceLimits> LimitsOfProbe(const StartDocument& probe, const EndResources& end,
                                     const DefaultResources& defaults);

/// For the attempt's log: "it may use 512 MiB of memory and 1.5 processors"; empty without limits.
std::string LimitsInWords(const ResourceLimits& limits);

}  // namespace millrace
