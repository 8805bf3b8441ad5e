#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace millrace {

/// The environment of a confined child: what programs need to find their way (PATH, languages, time
/// zone, certificates, proxies) from ours, and `folder` as its home and for temporary files.
/// Nothing else, so that no secret of ours gets to a connector.
std::vector<std::string> ConfinedEnvironment(const std::filesystem::path& folder);

/// For the child between fork and exec: closes every descriptor from `first_closed` on, gives up
/// gaining privileges (set-user-id programs included) and leaves no core dump, which would hold
/// secrets. Only calls that are safe there.
void ConfineAfterFork(int first_closed);

}  // namespace millrace
