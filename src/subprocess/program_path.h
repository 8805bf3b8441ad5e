#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace millrace {

/// The file that `program` names, absolute: a name without a slash is looked up in the PATH of
/// `environment`, anything else is a path, from `folder` when it is relative. A config error when
/// there is no such file or it can't be run.
Result<std::filesystem::path> FindProgram(const std::string& program,
                                          const std::vector<std::string>& environment,
                                          const std::filesystem::path& folder);

}  // namespace millrace
