#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace millrace {

/// What a quoted text of a template means, given what stands between its quotes: Python's escapes.
/// Fails with a ValueError.
Result<std::string> UnescapeJinjaString(std::string_view quoted);

}  // namespace millrace
