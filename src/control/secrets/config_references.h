#pragma once

#include "base/environment_text.h"
#include "base/json.h"
#include "base/result.h"

namespace millrace {

/// What configurations on a server may read of its environment: variables whose names begin with
/// MILLRACE_CONFIG_, and those that MILLRACE_CONFIG_VARIABLES names ("PGPASSWORD,AWS_*"; whoever
/// starts the server says it). Never another MILLRACE_ variable: whoever may write a configuration
/// could send what it holds anywhere.
Environment ServerEnvironment();

/// The configuration with its references replaced by the variables' values, these with the types
/// that the specification asks for where they can. Config errors name a variable that isn't set or
/// may not be read.
Result<Json> ResolvedReferences(const Json& connection_specification, const Json& configuration,
                                const Environment& environment);

/// The configuration as its connector gets it: references replaced by the variables' values, these
/// with the types that the specification asks for, everything held against the specification. What
/// is stored and shown keeps the references. Config errors name a variable that isn't set or may
/// not be read, or say what doesn't fit.
Result<Json> ConnectorConfiguration(const Json& connection_specification, const Json& configuration,
                                    const Environment& environment);

}  // namespace millrace
