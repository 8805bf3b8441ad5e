#pragma once

#include <filesystem>
#include <string>

#include "base/json.h"

namespace millrace {

/// Makes the paths of this machine's disk in a built-in connector's configuration relative to the
/// connection file's `folder`, as everything else in the file is. Those that are absolute stay, and
/// all of them do where the folder is the current one: messages show what was written.
void ResolveLocalPaths(const std::string& connector, const std::filesystem::path& folder,
                       Json* config);

}  // namespace millrace
