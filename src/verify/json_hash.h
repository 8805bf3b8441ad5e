#pragma once

#include <cstdint>
#include <string_view>

namespace millrace {

/// Hashes a JSON text by what it says: blanks, the order of keys, the spelling of numbers and
/// strings make no difference; of a key that stands twice the last value counts. A text that is no
/// JSON is hashed as it is.
uint64_t HashJson(std::string_view text);

}  // namespace millrace
