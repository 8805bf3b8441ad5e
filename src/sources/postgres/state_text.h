#pragma once

#include <string>

#include "base/json.h"

namespace millrace {

// What the states of a stream that Airbyte's connector writes have in common.

/// The version that is written; others are read.
inline constexpr int kStateVersion = 2;
/// Our own key beside Airbyte's, which ignores it.
inline constexpr const char* kOwnStateKey = "millrace";

/// The text of a field; empty when it is absent or no text.
std::string StateText(const Json& state, const char* key);

}  // namespace millrace
