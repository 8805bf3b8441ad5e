#pragma once

#include <cstdint>

namespace millrace {

/// How many of the `size` bytes at `text` are whole characters: all of them, unless the last
/// character is cut. Says nothing about validity.
int64_t WholeCharacters(const char* text, int64_t size);

/// Where the first byte stands that is not UTF-8; `size` when all is valid. Fast for text that is
/// mostly ASCII.
int64_t FirstInvalidUtf8(const char* text, int64_t size);

}  // namespace millrace
