#pragma once

#include <memory>

#include "base/result.h"
#include "declarative/manifest/component.h"
#include "declarative/slices/partition_router.h"
#include "declarative/slices/stream_slicing.h"

namespace millrace {

/// One partition router of whatever type.
Result<std::unique_ptr<PartitionRouter>> MakeRouter(const Component& component,
                                                    const StreamSlicing& slicing);

}  // namespace millrace
