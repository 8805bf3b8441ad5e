#pragma once

#include <sys/types.h>

#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "base/deadline.h"
#include "subprocess/process_table.h"

namespace millrace {

/// A program that we started and what descends from it, whatever groups and sessions that went to
/// and whichever parents ended. It is known by its parents, by the program's group, and by having
/// been seen before; an orphan of which none of this is known (ForkedChildren) belongs to the
/// program if it is the only one that we run. Owned by a ChildProcess; thread-safe.
class ProcessFamily {
 public:
  /// `program` leads a group. It must not be waited for before the last call.
  explicit ProcessFamily(pid_t program) : program_(program) {}

  /// All that run now, the program included. Reads /proc.
  std::vector<ProcessEntry> Running();
  /// Sends a signal to all that run now.
  void Signal(int number);
  /// Kills all until none runs. False when some still do at the deadline.
  bool Kill(Deadline deadline);

 private:
  using Identity = std::pair<pid_t, int64_t>;  // with its start

  bool IsMember(const ProcessEntry& entry, const std::set<pid_t>& members, bool only_program) const;

  const pid_t program_;
  std::mutex mutex_;
  // Of the members of the look before, as guarded by mutex_: no more than run at a time.
  std::set<Identity> known_;
  std::set<pid_t> groups_, sessions_;  // their own, not ours
};

}  // namespace millrace
