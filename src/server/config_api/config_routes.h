#pragma once

#include <string_view>

#include "server/config_api/config_api.h"

namespace millrace {

/// Adds a call of the config API: `path` is what follows /api/v1/; a part of it in braces is a
/// field of the body. Before the server starts.
void AddCall(ConfigRoutes& routes, std::string_view method, std::string_view path, ConfigCall call);

}  // namespace millrace
