#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace millrace {

// Fields of a connector's configuration. One that is absent or null takes the default; one of
// another type is a config error that names it.

Result<std::string> TextField(const Json& object, const char* field, std::string_view absent = "");
Result<bool> FlagField(const Json& object, const char* field, bool absent);
/// A whole number from `least` on.
Result<int64_t> CountField(const Json& object, const char* field, int64_t absent,
                           int64_t least = 0);
Result<std::vector<std::string>> ListField(const Json& object, const char* field);
/// One ASCII character; none when the text is empty.
Result<std::optional<char>> CharacterField(const Json& object, const char* field,
                                           std::optional<char> absent);

}  // namespace millrace
