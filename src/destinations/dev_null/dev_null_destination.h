#pragma once

#include <memory>

#include "base/json.h"
#include "connector/destination.h"

namespace millrace {

/// destination-dev-null: keeps nothing; counts, logs, slows down or fails as it is told, for tests
/// of sources and connections. At least once: it has no place for checkpoint ids, and no rows that
/// could be there twice.
Result<std::unique_ptr<Destination>> MakeDevNullDestination(const Json& config);

}  // namespace millrace
