#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "sources/file/text_input.h"

namespace millrace {

/// Cuts a ranged text from `begin` on into parts of some 16 MiB, each starting behind a line break.
/// The starts, `begin` among them. Reads a little around each cut.
Result<std::vector<int64_t>> CutAtLineBreaks(const TextInput& text, int64_t begin);

/// Where the text begins: behind its byte order mark, when it has one.
Result<int64_t> DataOffset(const TextInput& text);

}  // namespace millrace
