#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace millrace {

/// How many of the `size` bytes at `text` are whole characters: all of them, unless the last
/// character is cut. Says nothing about validity.
int64_t WholeCharacters(const char* text, int64_t size);

/// Where the first byte stands that is not UTF-8; text.size() when all is valid. For messages: not
/// fast.
size_t FirstInvalidUtf8(std::string_view text);

}  // namespace millrace
