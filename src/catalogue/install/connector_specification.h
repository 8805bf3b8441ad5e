#pragma once

#include <filesystem>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "protocol/json_field.h"

namespace millrace {

/// Runs a connector's `spec` as every task of a connector is run (a confined environment, a private
/// home) and returns the ConnectorSpecification. A system error with its own last words when it
/// gives none. Blocks up to five minutes.
Result<JsonValue> AskSpecification(const std::filesystem::path& executable, std::stop_token stop);

}  // namespace millrace
