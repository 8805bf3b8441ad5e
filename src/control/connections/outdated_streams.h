#pragma once

#include <vector>

#include "base/json.h"
#include "base/stream_descriptor.h"

namespace millrace {

/// Which selected streams of the catalog `after` are to be read anew, because their owner made
/// something else of them than `before` (both are syncCatalogs): those that were not selected, and
/// those whose modes, cursor, key, columns or column selection differ. Pure.
std::vector<StreamDescriptor> OutdatedStreams(const Json& before, const Json& after);

}  // namespace millrace
