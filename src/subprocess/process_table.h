#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace millrace {

/// What /proc says of one process. A plain value.
struct ProcessEntry {
  pid_t pid = 0;
  pid_t group = 0;
  pid_t session = 0;
  char state = '?';  ///< Z and X: it has ended
  int64_t start_ticks = 0;
};

/// Empty when there is no such process.
std::optional<ProcessEntry> ReadProcess(pid_t pid);
/// Every process of the session, those that have ended but were not waited for too.
std::vector<ProcessEntry> ProcessesOfSession(pid_t session);
/// The same of a process group.
std::vector<ProcessEntry> ProcessesOfGroup(pid_t group);
/// The bytes that a process holds for itself: anonymous and shared-memory pages, not those of
/// files, which the system can take back. 0 when it is gone.
int64_t OwnMemory(pid_t pid);

}  // namespace millrace
