#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "attempt/start_document.h"
#include "base/result.h"
#include "control/worker/control_groups.h"
#include "control/worker/memory_watchdog.h"

namespace millrace {

/// What tells, of a process that has ended, whether it was killed because of its memory. Worth as
/// much as what was noted when it was started. A plain value.
struct MemoryEvidence {
  int64_t limit_bytes = 0;                             ///< 0: none
  std::filesystem::path group;                         ///< that held it; empty: none
  std::shared_ptr<const MemoryWatchdog::Watch> watch;  ///< null: none
  /// ControlGroups::OutOfMemoryKillsOfMachine before it began.
  int64_t machine_kills_before = 0;

  /// It was killed because it went beyond its limit; the message ends with `what_to_raise`.
  std::optional<Status> OverLimit(std::string_view what_to_raise) const;
  /// It may have been killed because the machine had no memory left: some process was. Asked of one
  /// that ended by signal 9, or nobody knows how.
  std::optional<Status> MachineRanOut() const;
};

/// Holds processes of connectors to what they may use: by control groups where this process may
/// make them, else by a watchdog. One per server or worker process, owned by its main thread;
/// outlives what it holds. Thread-safe.
class LimitKeeper {
 public:
  LimitKeeper() : groups_(ControlGroups::Find()) {}

  /// How limits are enforced on this machine, for the server's log.
  std::string InWords() const;

  /// Makes the control group that a process with these limits joins when it starts. Empty: without
  /// limits, or where the watchdog holds them.
  Result<std::filesystem::path> MakeGroup(const std::string& name,
                                          const ResourceLimits& limits) const;
  /// Watches the memory of the session that the process leads, unless its group does. Null: nothing
  /// to watch. Ends when it is destroyed.
  std::shared_ptr<const MemoryWatchdog::Watch> Watch(const ProcessIdentity& leader,
                                                     const std::filesystem::path& group,
                                                     const ResourceLimits& limits);

 private:
  const std::optional<ControlGroups> groups_;
  MemoryWatchdog watchdog_;
};

}  // namespace millrace
