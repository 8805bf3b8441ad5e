#pragma once

#include <string_view>

#include "base/json.h"

namespace millrace {

/// Parses a line that is to be a message of that type. Long texts of messages that only talk (LOG,
/// TRACE, unknown ones) are cut to half a megabyte first, whatever they are: their ends are for
/// nobody, and a tree of them would take several times their size. `fault` as of ParseJson.
Json ParseMessage(std::string_view line, std::string_view type, const char** fault);

}  // namespace millrace
