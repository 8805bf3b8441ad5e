#pragma once

#include "base/result.h"
#include "declarative/manifest/component.h"
#include "declarative/slices/stream_slicing.h"

namespace millrace {

/// LegacyToPerPartitionStateMigration: a state {"<parent's key>": {"<cursor field>": value}, …} of
/// `stream` becomes one of partitions; any other state stays. `migration` is the component, for
/// messages. A config error when the stream has no partitions of a single parent or union.
Result<PyValue> MigrateLegacyState(const Component& migration, const Component& stream,
                                   const StreamSlicing& slicing, PyValue state);

}  // namespace millrace
