#pragma once

#include "base/result.h"
#include "declarative/manifest/component.h"
#include "declarative/slices/stream_slicing.h"

namespace millrace {

/// What a parent stream starts from, out of its child's state: its own part of `parent_state`, or
/// else the child's global state, or else the child's only value under the parent's cursor field.
/// An empty dict when the parent isn't read incrementally (`incremental_dependency`) or there is
/// none of these.
Result<PyValue> StateOfParent(const Component& stream, bool incremental,
                              const StreamSlicing& slicing);

}  // namespace millrace
