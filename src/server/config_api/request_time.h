#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace millrace {

/// Microseconds since 1970 UTC of a text like "2026-01-02T03:04:05.678Z", "…+01:00" or
/// "2026-01-02"; without an offset it is UTC. None when it is no time.
std::optional<int64_t> TimeOfIso(std::string text);
/// Of a field; none when it is absent, too.
std::optional<int64_t> TimeOf(const Json& body, std::string_view field);

/// "2026-01-02T03:04:05Z" of microseconds since 1970 UTC.
std::string IsoTime(int64_t microseconds);

}  // namespace millrace
