#pragma once

#include <string>

#include "base/json.h"

namespace millrace {

/// Where a connection's document keeps it while it is paused; no API shows the field.
inline constexpr const char* kPausedBecause = "pausedBecause";

/// What a change at the source, which paused a connection, did to it and what its owner can do, for
/// a person: "paused: shop.orders lost its cursor at: choose …". `diff`: of DiffCatalogs, with
/// `catalog` for the configured one. The first breaking change is told; without one, the first
/// stream that has changed. Pure.
std::string WhyPaused(const Json& diff, const Json& catalog);

}  // namespace millrace
