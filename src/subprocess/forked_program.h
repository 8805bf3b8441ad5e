#pragma once

#include <sys/types.h>

#include <memory>

#include "base/result.h"
#include "subprocess/child_process.h"
#include "subprocess/group_guard.h"

namespace millrace {

/// A program that was just started, and our ends of its pipes: non-blocking, the caller's to close.
struct ForkedProgram {
  pid_t pid = 0;  ///< one of ForkedChildren, until it was waited for
  int input = -1, output = -1, errors = -1;
  std::unique_ptr<GroupGuard> guard;  ///< of its group; to be kept until that has ended
};

/// Forks and runs the program of `command`, which leads a process group when this returns. A config
/// error when it can't be run. Blocks until the system has loaded it.
Result<ForkedProgram> ForkProgram(const ChildCommand& command);

}  // namespace millrace
