#pragma once

#include "base/result.h"
#include "declarative/manifest/component.h"
#include "declarative/slices/stream_slicing.h"

namespace millrace {

/// Which of a StateDelegatingStream's two streams is read.
struct StateDelegation {
  Component stream;
  /// The state is older than what the API keeps: an empty state is emitted first, and the stream
  /// starts without one.
  bool state_is_forgotten = false;
};

/// Decides by the state: none reads full_refresh_stream; one that is older than
/// api_retention_period (checked only when `in_catalog`: no parent read for another's sake) or
/// can't be dated does so, too; otherwise incremental_stream. Config errors name the line.
Result<StateDelegation> DelegateByState(const Component& stream, const StreamSlicing& slicing,
                                        bool in_catalog);

}  // namespace millrace
