#include "subprocess/forked_program.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "base/file_io.h"
#include "subprocess/confinement.h"
#include "subprocess/forked_children.h"
#include "subprocess/program_path.h"

namespace millrace {
namespace {

/// Where the child tells that it could not become the program; closed when it could.
constexpr int kFailureDescriptor = 3;

/// Both ends of a pipe, closed unless they are taken.
class Pipe {
 public:
  ~Pipe() {
    for (const int fd : ends_) {
      if (fd >= 0) ::close(fd);
    }
  }
  bool Open() { return ::pipe2(ends_.data(), O_CLOEXEC) == 0; }
  int reading() const { return ends_[0]; }
  int writing() const { return ends_[1]; }
  /// Our end from here on; reading: 0, writing: 1.
  int Take(size_t end) {
    ::fcntl(ends_[end], F_SETFL, O_NONBLOCK);
    return std::exchange(ends_[end], -1);
  }
  void CloseWriting() { ::close(std::exchange(ends_[1], -1)); }

 private:
  std::array<int, 2> ends_ = {-1, -1};
};

/// Everything that the child needs between fork and exec, where nothing may be allocated.
struct Becoming {
  const char* program;
  char* const* arguments;
  char* const* environment;
  const char* folder;
  pid_t parent;
  const cpu_set_t* processors;     // null: all that we may use
  std::array<int, 4> descriptors;  // to become 0, 1, 2 and kFailureDescriptor
};

[[noreturn]] void TellFailure() {
  const int number = errno;
  [[maybe_unused]] const ssize_t told = ::write(kFailureDescriptor, &number, sizeof number);
  ::_exit(127);
}

/// Signals as a program expects them: we ignore some and block others.
void ResetSignals() {
  for (int number = 1; number < NSIG; ++number) {
    if (number != SIGKILL && number != SIGSTOP) ::signal(number, SIG_DFL);
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// Between fork and exec: only calls that are safe there.
[[noreturn]] void Become(Becoming becoming) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != becoming.parent) ::_exit(127);
  ResetSignals();
  // Copies out of the way first: an end may have the number that another shall get.
  constexpr int kOutOfTheWay = 10;
  for (int& fd : becoming.descriptors) fd = ::fcntl(fd, F_DUPFD, kOutOfTheWay);
  for (int to = 0; to <= kFailureDescriptor; ++to) {
    ::dup2(becoming.descriptors[static_cast<size_t>(to)], to);
  }
  ::fcntl(kFailureDescriptor, F_SETFD, FD_CLOEXEC);
  if (becoming.processors != nullptr) {
    ::sched_setaffinity(0, sizeof *becoming.processors, becoming.processors);
  }
  ConfineAfterFork(kFailureDescriptor + 1);
  if (::chdir(becoming.folder) != 0) TellFailure();
  ::execve(becoming.program, becoming.arguments, becoming.environment);
  TellFailure();
}

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

/// Some of our processors, as many as `millicores` fill; other processes begin with others.
cpu_set_t ProcessorsFor(int64_t millicores) {
  cpu_set_t ours, chosen;
  CPU_ZERO(&ours);
  CPU_ZERO(&chosen);
  ::sched_getaffinity(0, sizeof ours, &ours);
  const auto first = static_cast<size_t>(::getpid());
  int64_t left = std::min<int64_t>(millicores, 1000 * CPU_COUNT(&ours));
  for (size_t i = 0; i < CPU_SETSIZE && left > 0; ++i) {
    const size_t processor = (first + i) % CPU_SETSIZE;
    if (!CPU_ISSET(processor, &ours)) continue;
    CPU_SET(processor, &chosen);
    left -= 1000;
  }
  return chosen;
}

/// The errno that the child told; 0: it became the program.
int FailureOf(int fd) {
  int number = 0;
  ssize_t got = 0;
  do {
    got = ::read(fd, &number, sizeof number);
  } while (got < 0 && errno == EINTR);
  return got == sizeof number ? number : 0;
}

}  // namespace

Result<ForkedProgram> ForkProgram(const ChildCommand& command) {
  if (command.arguments.empty()) return ConfigError("the command is empty");
  MR_ASSIGN_OR_RETURN(const std::filesystem::path program,
                      FindProgram(command.arguments[0], command.environment, command.folder));
  const std::string starting = "starting " + program.string();
  Pipe input, output, errors, failure;
  if (!input.Open() || !output.Open() || !errors.Open() || !failure.Open()) {
    return ErrnoError(errno, starting);
  }
  const std::vector<char*> arguments = Pointers(command.arguments);
  const std::vector<char*> environment = Pointers(command.environment);
  const bool limited = command.limits.cpu_millicores > 0;
  const cpu_set_t processors = ProcessorsFor(command.limits.cpu_millicores);
  const Becoming becoming = {
      program.c_str(),
      arguments.data(),
      environment.data(),
      command.folder.c_str(),
      ::getpid(),
      limited ? &processors : nullptr,
      {input.reading(), output.writing(), errors.writing(), failure.writing()}};
  const pid_t pid = ForkedChildren::Fork([&becoming] { Become(becoming); });
  if (pid < 0) return ErrnoError(errno, starting);
  ::setpgid(pid, pid);  // whoever of the two comes first
  auto guard = GroupGuard::Make(pid);
  failure.CloseWriting();
  if (const int number = FailureOf(failure.reading()); number != 0) {
    ::waitpid(pid, nullptr, 0);
    ForkedChildren::Forget(pid);
    if (number == ENOEXEC) {
      return ConfigError("{} is no program: its first line must name an interpreter (#!)",
                         program.string());
    }
    return ErrnoError(number, starting);
  }
  // Larger pipes mean fewer turns between the two; the system may say no.
  constexpr int kPipeBytes = 1 << 20;
  ::fcntl(input.writing(), F_SETPIPE_SZ, kPipeBytes);
  ::fcntl(output.reading(), F_SETPIPE_SZ, kPipeBytes);
  if (!guard.ok()) {
    ::kill(-pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    ForkedChildren::Forget(pid);
    return guard.status().WithContext(starting);
  }
  return ForkedProgram{pid, input.Take(1), output.Take(0), errors.Take(0), *std::move(guard)};
}

}  // namespace millrace
