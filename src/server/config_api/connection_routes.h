#pragma once

#include "server/config_api/config_api.h"
#include "server/config_api/services.h"

namespace millrace {

/// Adds connections/* (but for jobs), web_backend/*, state/*, tags/*, and what sources offer.
void AddConnectionRoutes(ConfigRoutes& routes, const Services& services);

}  // namespace millrace
