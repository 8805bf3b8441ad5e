#pragma once

#include <nlohmann/json_fwd.hpp>

namespace millrace {

/// Configurations, catalogs, states and messages. Keeps the order in which keys were written, so
/// that what a user gave comes back as it was. Records never pass through it.
using Json = nlohmann::ordered_json;

}  // namespace millrace
