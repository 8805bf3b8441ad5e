#pragma once

#include "base/micros_per_day.h"

namespace millrace {

// PostgreSQL counts days and microseconds from 2000-01-01. This is how long after 1970-01-01 that
// was, from which Arrow counts.
inline constexpr int64_t kPgEpochDays = 10'957;
inline constexpr int64_t kPgEpochMicros = kPgEpochDays * kMicrosPerDay;

}  // namespace millrace
