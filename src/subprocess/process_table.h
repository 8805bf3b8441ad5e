#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace millrace {

/// What /proc says of one process. A plain value.
struct ProcessEntry {
  pid_t pid = 0;
  pid_t parent = 0;
  pid_t group = 0;
  pid_t session = 0;
  char state = '?';  ///< Z and X: it has ended
  int64_t start_ticks = 0;
};

/// Empty when there is no such process.
std::optional<ProcessEntry> ReadProcess(pid_t pid);
/// Every process, those that have ended but were not waited for too.
std::vector<ProcessEntry> AllProcesses();
/// Those of the session that `leader` leads, and all that descend from them by their parents: one
/// that left the session too, while the process that adopts it (ForkedChildren) is there.
std::vector<ProcessEntry> ProcessesUnder(pid_t leader);
/// The bytes that a process holds for itself: anonymous and shared-memory pages, not those of
/// files, which the system can take back. 0 when it is gone.
int64_t OwnMemory(pid_t pid);

}  // namespace millrace
