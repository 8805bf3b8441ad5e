#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace millrace {

/// A configuration that fits its specification, and what a user should hear about it.
struct CheckedConfig {
  std::vector<std::string> warnings;
};

/// Prepares a connector's configuration for use, and holds it against the connector's
/// `connectionSpecification` (JSON Schema, draft 7):
///  1. values whose JSON pointer is in `from_environment` are texts that take the type which the
///     specification asks for there, when they can;
///  2. the values of airbyte_secret fields are registered with Secrets;
///  3. keys that the specification doesn't know become warnings;
///  4. everything else that doesn't fit is one config error: the field's path below `where`, what
///     is wrong, what is allowed. Of a oneOf, the branch is chosen by its const field.
Result<CheckedConfig> CheckConfig(const Json& connection_specification, std::string_view where,
                                  const std::set<std::string>& from_environment, Json* config);

/// Steps 1 and 2 alone: nothing is refused.
void FitTypes(const Json& connection_specification, const std::set<std::string>& from_environment,
              Json* config);

/// Step 2 alone, for a configuration that was checked by another process.
void RegisterSecrets(const Json& connection_specification, const Json& config);

}  // namespace millrace
