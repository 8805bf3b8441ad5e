#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "declarative/jinja/py_value.h"

namespace millrace {

// The tokens of Python's literals. Each reads from text[*at] on and moves *at behind the token;
// false: there is none, or no valid one.

/// A number without a sign: 12, 1_000, 0x1F, 1.5e3. Complex ones (1j) count as invalid.
bool ReadNumberLiteral(std::string_view text, size_t* at, PyValue* value);

/// Whether a string, with or without a prefix, starts there.
bool StartsStringLiteral(std::string_view text, size_t at);
/// One string of any prefix and quotes, but not f"…"; its characters are appended. Requires
/// StartsStringLiteral.
bool ReadStringLiteral(std::string_view text, size_t* at, std::string* characters, bool* bytes);

}  // namespace millrace
