#pragma once

#include <memory>

#include "base/json.h"
#include "connector/destination.h"

namespace millrace {

/// destination-local-json: one file `_airbyte_raw_<stream>.jsonl` a stream in a folder of this
/// machine. Config errors only; nothing is touched before Check or OpenLoad.
Result<std::unique_ptr<Destination>> MakeLocalJsonDestination(const Json& config);

}  // namespace millrace
