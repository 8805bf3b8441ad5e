#pragma once

#include <cstdint>

namespace millrace {

/// What this process uses of the machine, from /proc. A plain value; what can't be read is 0.
struct ProcessUsage {
  int64_t resident_bytes = 0;
  int64_t virtual_bytes = 0;
  double cpu_seconds = 0;
  int64_t open_descriptors = 0;
  int64_t descriptors_max = 0;
  int64_t threads = 0;
  double started_at = 0;  ///< seconds since 1970 UTC
};

ProcessUsage CurrentProcessUsage();

}  // namespace millrace
