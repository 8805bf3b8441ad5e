#pragma once

#include <memory>

#include "base/json.h"
#include "connector/destination.h"

namespace millrace {

/// destination-postgres. Config errors only; nothing is contacted before Check or OpenLoad.
Result<std::unique_ptr<Destination>> MakePostgresDestination(const Json& config);

}  // namespace millrace
