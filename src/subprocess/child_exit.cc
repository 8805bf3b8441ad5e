#include "subprocess/child_exit.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <cstring>

namespace millrace {

std::string ChildExit::ToString() const {
  if (signal == 0) return fmt::format("exit code {}", code);
  return fmt::format("signal {} ({})", signal, ::strsignal(signal));
}

std::string ChildExit::LastWords() const { return fmt::format("{}", fmt::join(last_lines, "\n")); }

ChildExit ChildExitOf(int wait_status) {
  ChildExit exit;
  if (WIFSIGNALED(wait_status)) {
    exit.signal = WTERMSIG(wait_status);
  } else {
    exit.code = WEXITSTATUS(wait_status);
  }
  return exit;
}

}  // namespace millrace
