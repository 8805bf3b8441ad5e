#pragma once

#include <sys/types.h>

#include <functional>

namespace millrace {

/// The children that this process forked for ChildProcess and has not waited for yet, as opposed to
/// orphans: processes that these left behind, which the system gave to us when their parents ended.
/// Of the whole process; thread-safe.
class ForkedChildren {
 public:
  /// From now on orphans come to this process instead of the system's first one, so that no program
  /// escapes by ending its parent. For a process whose children are all ChildProcesses.
  static void AdoptOrphans();

  /// Forks and remembers the child, in which `become` is called: it never returns. What fork gives.
  static pid_t Fork(const std::function<void()>& become);
  /// The child was waited for, or given up: then it is an orphan too.
  static void Forget(pid_t child);
  /// How many there are.
  static int count();

  /// Whether a process whose parent is `parent` is an orphan that was adopted.
  static bool IsOrphan(pid_t pid, pid_t parent);
  /// Waits for orphans that have ended: nobody else does. Blocks not; cheap when there is none.
  static void ReapOrphans();
};

}  // namespace millrace
