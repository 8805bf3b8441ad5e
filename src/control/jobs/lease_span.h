#pragma once

#include <chrono>

namespace millrace {

/// For how long a worker's attempts stay its own while it is not heard of. Less leaves attempts no
/// time to ask for their lease.
inline constexpr std::chrono::seconds kLeaseSpanLeast{10};
inline constexpr std::chrono::seconds kLeaseSpanMost{1800};

/// A lease that reaches further ahead was taken by a clock that has been set back since. Machines'
/// clocks differ: so it is more than the longest one.
inline constexpr std::chrono::microseconds kLeaseNonsense = 2 * kLeaseSpanMost;

}  // namespace millrace
