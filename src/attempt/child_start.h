#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/status.h"

namespace millrace {

/// How a millrace-attempt process is started. A plain value.
struct ChildStart {
  std::filesystem::path program;
  /// Nothing that ends us ends it. Otherwise it is told (SIGTERM) when the thread that started it
  /// ends.
  bool outlives_parent = false;
  /// A server's child: it has exactly this environment and no descriptor but its channel, can't
  /// gain privileges and leaves no core dump. Like one that outlives us it leads a session of its
  /// own, by which everything that it starts is found. See ConfinedEnvironment.
  std::optional<std::vector<std::string>> confined_environment;
  std::filesystem::path output;         ///< of what it prints; empty: our standard error
  std::filesystem::path control_group;  ///< a cgroup's folder that it joins; empty: ours
};

struct StartedChild {
  pid_t pid = 0;
  int fd = -1;  ///< our end of its channel; the caller's to close
};

/// Forks and runs the program, which finds its end of the channel at descriptor 3. What goes wrong
/// after the fork shows as an end of the channel and in DescribeExit.
Result<StartedChild> StartChild(const ChildStart& start);

/// Says how a child ended that gave no result, by its wait status. Never Ok.
Status DescribeExit(int wait_status);

}  // namespace millrace
