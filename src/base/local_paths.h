#pragma once

#include <filesystem>

#include "base/result.h"

namespace millrace {

/// From now on, local paths of configurations lie below `files_dir`, which is made when it isn't
/// there: on a server. Called once, before connectors are made.
Status ConfineLocalPaths(const std::filesystem::path& files_dir);

/// The path to open for one that a configuration names. On the command line that is the same; on a
/// server symbolic links are followed, relative paths and Airbyte's "/local/x" begin at its
/// files_dir, and what lies elsewhere is a config error. Thread-safe.
Result<std::filesystem::path> ResolveLocalPath(const std::filesystem::path& path);

}  // namespace millrace
