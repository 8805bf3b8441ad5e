#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "external/connector_run.h"
#include "subprocess/child_process.h"

namespace millrace {

/// How a task of a connector is started, as a program or in a container.
struct ConnectorLaunch {
  ChildCommand child;
  /// Of a container: the command line that ends and removes it. Empty: there is none.
  std::vector<std::string> removal;
};

/// Writes the connector's files below `folder` (private, of this run alone) and puts the command
/// line together: the task, and each file behind its option. A program's files are 0600, and the
/// folder is its home. A container may run as any user: its files are readable by all, in a folder
/// of their own that nobody but us can get to here, and which alone is mounted there.
Result<ConnectorLaunch> PrepareLaunch(const ConnectorCommand& command, const std::string& task,
                                      const std::vector<ConnectorFile>& files,
                                      const std::filesystem::path& folder);

}  // namespace millrace
