#pragma once

#include <string>

#include "base/stream_descriptor.h"

namespace millrace {

/// Where a stream lands by a connection's own rule: `prefix` before its name, and `format` with
/// each ${SOURCE_NAMESPACE} replaced by its namespace ("" when it has none) as its namespace; none
/// when that is empty. Pure.
StreamDescriptor DestinationByFormat(const StreamDescriptor& stream, const std::string& prefix,
                                     std::string format);

}  // namespace millrace
