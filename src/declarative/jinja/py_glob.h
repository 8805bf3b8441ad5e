#pragma once

#include <string_view>

namespace millrace {

/// Python's fnmatch.fnmatchcase: `*`, `?`, `[abc]`, `[a-z]` and `[!abc]` over code points.
bool PyGlobMatches(std::string_view pattern, std::string_view text);
/// Whether a pattern may match anything but itself.
bool IsPyGlob(std::string_view pattern);

}  // namespace millrace
