#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "files/text_input.h"

namespace millrace {

/// Cuts a ranged text from `begin` on into parts of some 16 MiB, each starting behind a line break.
/// The starts, `begin` among them. Reads a little around each cut.
Result<std::vector<int64_t>> CutAtLineBreaks(const TextInput& text, int64_t begin);

}  // namespace millrace
