#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/status.h"

namespace millrace {

/// Ends a container that may still run, whatever it does, by the command line of ContainerRemoval;
/// waits 20 s at most. A warning in the log when that fails.
void RemoveContainer(const std::vector<std::string>& removal);

/// Writes down, in a scratch folder that no connector can write to, that a container runs on what
/// lies there.
Status WriteContainerNote(const std::filesystem::path& folder, const std::string& engine,
                          const std::string& name);
/// Ends the container that was written down there, if one was.
void RemoveNotedContainer(const std::filesystem::path& folder);

}  // namespace millrace
