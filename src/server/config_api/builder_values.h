#pragma once

#include "attempt/config_change.h"
#include "base/result.h"
#include "control/store/builder_projects.h"
#include "server/config_api/services.h"

namespace millrace {

// The values that a builder project is tested with: a configuration, sealed where it is stored.

/// As they are stored; {} without any.
Result<Json> OpenedTestingValues(const Services& services, const BuilderProject& project);

/// As a reply may show them: secrets masked; every text where it isn't known which fields are.
Json ShownTestingValues(const BuilderProject& project, const Json& values);

/// The JSON schema that they were entered by, else the one in the draft; {} without any.
Json TestingSpecification(const BuilderProject& project);

/// Keeps what a manifest changed in them.
KeepConfig ProjectKeeps(const Services& services, const BuilderProject& project);

}  // namespace millrace
