#pragma once

#include <cstdint>

namespace millrace {

/// A day without leap seconds, as Arrow and PostgreSQL count.
inline constexpr int64_t kMicrosPerDay = 86'400'000'000;

}  // namespace millrace
