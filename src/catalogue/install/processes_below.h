#pragma once

#include <sys/types.h>

#include <filesystem>
#include <vector>

namespace millrace {

/// The processes whose command line names a file below `folder`: what runs from there, as far as
/// this user may see.
std::vector<pid_t> ProcessesBelow(const std::filesystem::path& folder);

}  // namespace millrace
