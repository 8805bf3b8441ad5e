#pragma once

#include <memory>

#include "base/json.h"
#include "connector/destination.h"

namespace millrace {

/// destination-local: files below a folder of this machine, in the layout of destination-s3.
/// Config errors only; nothing is touched before Check or OpenLoad.
Result<std::unique_ptr<Destination>> MakeLocalDestination(const Json& config);

}  // namespace millrace
