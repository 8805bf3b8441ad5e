#pragma once

#include <cstdint>
#include <functional>

#include "base/status.h"

namespace millrace {

/// Calls `work` once for each part, 0 to `count` - 1, on as many threads as the machine has cores
/// (at most kPartThreadsMax), and returns when all calls have. Parts begin in order.
inline constexpr int kPartThreadsMax = 8;
void ForEachPart(int64_t count, const std::function<void(int64_t part)>& work);

/// The same on at most `threads` threads, the caller's among them, for work that may fail: after a
/// failure no further part begins, and the failure of the first such part is returned.
Status TryEachPart(int64_t count, int threads, const std::function<Status(int64_t part)>& work);

}  // namespace millrace
