#pragma once

#include <string_view>

namespace millrace {

/// Which part of a copy failed: Airbyte's failure origins. Whoever calls a part knows, not the part
/// itself, so it travels beside an Error and not in it.
enum class FailureOrigin {
  kUnknown,      ///< nobody could say
  kSource,       ///< reading, or its configuration
  kDestination,  ///< writing and committing, or its configuration
  kReplication,  ///< what lies between them: catalogs, transforms
  kPlatform      ///< processes, leases, the metadata database
};

/// "unknown", "source", "destination", "replication", "airbyte_platform".
std::string_view ToString(FailureOrigin origin);
/// kUnknown for any other text.
FailureOrigin FailureOriginOf(std::string_view text);

}  // namespace millrace
