#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "control/definitions/definitions.h"

namespace millrace {

/// The destinationSyncModes of a definition's connector, as its specification says; empty: that
/// isn't known.
Result<std::vector<std::string>> DestinationModesOf(SqlTransaction& transaction,
                                                    const Definitions& definitions,
                                                    const std::string& definition_id);

}  // namespace millrace
