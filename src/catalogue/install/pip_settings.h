#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/environment_text.h"

namespace millrace {

/// The settings of pip that say where packages come from, by their long names ("index-url"): from
/// its configuration files (the machine's, then the user's, then PIP_CONFIG_FILE) and, above them,
/// its variables (PIP_INDEX_URL). Files that can't be read say nothing.
std::map<std::string, std::string> PipSettings(const Environment& environment);

/// The variables that tell uv, which reads none of pip's settings, the same; only those that the
/// environment doesn't set for uv itself. "NAME=value".
std::vector<std::string> UvVariables(const std::map<std::string, std::string>& pip_settings,
                                     const Environment& environment);

/// What an installer is run with: the process's own environment, where indexes, proxies and
/// certificates are set, without what would lead it to another Python or folder, and without
/// anything of ours.
std::vector<std::string> InstallerEnvironment();

}  // namespace millrace
