#pragma once

#include <filesystem>

#include "base/result.h"
#include "cli/command_line.h"
#include "control/resources/attempt_limits.h"

namespace millrace {

/// What config.yaml gives attempts: {"resources": {"source" | "destination" | "orchestrator":
/// {"cpu_limit", "memory_limit", "cpu_request", "memory_request"}}}. The file is --config, or
/// config.yaml in the data folder, which need not be there. Config errors name file and line:
/// unknown keys, amounts that are none.
Result<DefaultResources> ResourcesOfServer(const CommandLine& line);

}  // namespace millrace
