#pragma once

#include "server/config_api/config_api.h"
#include "server/config_api/services.h"

namespace millrace {

/// Adds connector_builder_projects/* and declarative_source_definitions/*.
void AddBuilderRoutes(ConfigRoutes& routes, const Services& services);

}  // namespace millrace
