#pragma once

#include <cstdint>

namespace millrace {

/// What processes may use; 0 is no limit. A plain value.
struct ResourceLimits {
  int64_t memory_bytes = 0;  ///< of all of them together; they are killed beyond
  /// Bounds an attempt's threads and the processors that a connector's program runs on, rounded up;
  /// with control groups their time too.
  int64_t cpu_millicores = 0;

  bool operator==(const ResourceLimits&) const = default;
};

}  // namespace millrace
