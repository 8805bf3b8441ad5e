#include "attempt/child_start.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/file_io.h"
#include "subprocess/confinement.h"

namespace millrace {
namespace {

constexpr int kAttemptDescriptor = 3;
constexpr int kExecFailed = 127;

/// Everything that the child needs between fork and exec, where nothing may be allocated.
struct Prepared {
  const char* program;
  int fd;
  pid_t parent;
  bool outlives_parent;
  bool confined;
  const char* output;
  const char* group_processes;
  char* const* environment;
};

/// Joins a control group; without it the limits would not hold.
bool Join(const char* group_processes) {
  const int fd = ::open(group_processes, O_WRONLY);
  const bool joined = fd >= 0 && ::write(fd, "0", 1) == 1;
  ::close(fd);
  return joined;
}

void Redirect(const Prepared& prepared) {
  const int null = ::open("/dev/null", O_RDONLY);
  if (null >= 0) ::dup2(null, STDIN_FILENO);
  if (*prepared.output != '\0') {
    const int output = ::open(prepared.output, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (output >= 0) ::dup2(output, STDERR_FILENO);
  }
  ::dup2(STDERR_FILENO, STDOUT_FILENO);
  // dup2 to itself would keep close-on-exec.
  if (prepared.fd == kAttemptDescriptor) {
    ::fcntl(prepared.fd, F_SETFD, 0);
  } else {
    ::dup2(prepared.fd, kAttemptDescriptor);
  }
}

/// Between fork and exec: only calls that are safe there.
[[noreturn]] void BecomeAttempt(const Prepared& prepared) {
  // The terminal's Ctrl-C reaches every process in its foreground; the parent decides what it
  // means.
  ::signal(SIGINT, SIG_IGN);
  ::signal(SIGHUP, SIG_IGN);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (prepared.outlives_parent || prepared.confined) ::setsid();
  if (!prepared.outlives_parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != prepared.parent) ::_exit(kExecFailed);
  }
  if (*prepared.group_processes != '\0' && !Join(prepared.group_processes)) ::_exit(kExecFailed);
  Redirect(prepared);
  if (prepared.confined) ConfineAfterFork(kAttemptDescriptor + 1);
  char* const arguments[] = {const_cast<char*>(prepared.program), nullptr};
  ::execve(prepared.program, arguments, prepared.environment);
  ::_exit(kExecFailed);
}

}  // namespace

Result<StartedChild> StartChild(const ChildStart& start) {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
    return ErrnoError(errno, "making a channel to " + start.program.string());
  }
  std::vector<char*> environment;
  if (start.confined_environment) {
    for (const std::string& variable : *start.confined_environment) {
      environment.push_back(const_cast<char*>(variable.c_str()));
    }
    environment.push_back(nullptr);
  }
  const std::string group =
      start.control_group.empty() ? "" : (start.control_group / "cgroup.procs").string();
  const Prepared prepared{start.program.c_str(),
                          fds[1],
                          ::getpid(),
                          start.outlives_parent,
                          start.confined_environment.has_value(),
                          start.output.c_str(),
                          group.c_str(),
                          start.confined_environment ? environment.data() : ::environ};
  const pid_t pid = ::fork();
  if (pid == 0) BecomeAttempt(prepared);
  const int error_number = errno;
  ::close(fds[1]);
  if (pid > 0) return StartedChild{pid, fds[0]};
  ::close(fds[0]);
  return ErrnoError(error_number, "starting " + start.program.string());
}

Status DescribeExit(int wait_status) {
  if (WIFSIGNALED(wait_status)) {
    const int number = WTERMSIG(wait_status);
    if (number == SIGKILL) {
      return SystemError(
          "the attempt was killed from outside (signal 9), perhaps because memory ran out; nothing "
          "that was saved is lost, run again");
    }
    return SystemError(
        "the attempt crashed: signal {} ({}); nothing that was saved is lost, please report this",
        number, ::strsignal(number));
  }
  const int code = WEXITSTATUS(wait_status);
  if (code == kExecFailed) {
    return SystemError("the attempt's program could not be started; is the installation complete?");
  }
  return SystemError("the attempt ended without a result (exit code {}); please report this", code);
}

}  // namespace millrace
