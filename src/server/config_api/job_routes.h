#pragma once

#include "server/config_api/config_api.h"
#include "server/config_api/services.h"

namespace millrace {

/// Adds jobs/*, and what makes jobs among connections/*.
void AddJobRoutes(ConfigRoutes& routes, const Services& services);

}  // namespace millrace
