#pragma once

#include <memory>

#include "base/json.h"
#include "connector/destination.h"

namespace millrace {

/// destination-s3. Config errors only; nothing is contacted before Check or OpenLoad.
Result<std::unique_ptr<Destination>> MakeS3Destination(const Json& config);

}  // namespace millrace
