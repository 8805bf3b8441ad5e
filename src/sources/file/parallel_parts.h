#pragma once

#include <cstdint>
#include <functional>

namespace millrace {

/// Calls `work` once for each part, 0 to `count` - 1, on as many threads as the machine has cores
/// (at most kPartThreadsMax), and returns when all calls have. Parts begin in order.
inline constexpr int kPartThreadsMax = 8;
void ForEachPart(int64_t count, const std::function<void(int64_t part)>& work);

}  // namespace millrace
