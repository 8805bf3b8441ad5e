#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"

namespace millrace {

/// Which process: its id, and what tells it from a later one of the same id. A plain value, worth
/// writing down.
struct ProcessIdentity {
  pid_t pid = 0;
  int64_t start_ticks = 0;  ///< since boot, from /proc/<pid>/stat
  std::string boot_id;

  /// Of a process that runs now: empty when it doesn't.
  static std::optional<ProcessIdentity> Of(pid_t pid);
};

/// A process that may be no child of ours, and the session that it leads. It is never mistaken for
/// another that got its id later. One thread.
class TrackedProcess {
 public:
  /// A process that is gone is tracked too, as gone.
  explicit TrackedProcess(ProcessIdentity identity);
  ~TrackedProcess();
  TrackedProcess(const TrackedProcess&) = delete;
  TrackedProcess& operator=(const TrackedProcess&) = delete;

  const ProcessIdentity& identity() const { return identity_; }
  /// Readable once the process has ended; -1: the kernel can't say, or it had ended before.
  int fd() const { return fd_; }
  /// False for a process that has ended, whether or not its parent has heard of it.
  bool Running() const;
  /// Kills it, everything in its session and all that descends from those, if it is still ours to
  /// kill.
  void KillAll() const;

 private:
  const ProcessIdentity identity_;
  int fd_ = -1;
};

}  // namespace millrace
