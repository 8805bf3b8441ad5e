#pragma once

#include <sys/types.h>

#include <array>
#include <memory>

#include "base/result.h"

namespace millrace {

/// Kills a child's process group when this process ends, however it does: by SIGKILL, too, which
/// nobody can handle, and whatever the child itself started. (PR_SET_PDEATHSIG reaches the child
/// alone.) The kernel signals the group when the writing end of a pipe of ours closes while the
/// reading end is still open (fcntl(2): F_SETOWN, F_SETSIG, O_ASYNC); nothing is ever written
/// there. A process that ends closes its descriptors in the order of their numbers, or in the
/// reverse: there is a pipe for either. What leaves the group is not guarded. One thread.
class GroupGuard {
 public:
  /// `group` exists, and ends in the guard's life.
  static Result<std::unique_ptr<GroupGuard>> Make(pid_t group);
  ~GroupGuard();
  GroupGuard(const GroupGuard&) = delete;
  GroupGuard& operator=(const GroupGuard&) = delete;

 private:
  /// -1: closed.
  struct Pipe {
    int reading = -1, writing = -1;
  };
  GroupGuard() = default;
  Status Open(pid_t group, bool reading_first, Pipe* pipe);

  std::array<Pipe, 2> pipes_;
};

}  // namespace millrace
