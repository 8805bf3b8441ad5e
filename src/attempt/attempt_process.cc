#include "attempt/attempt_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <nlohmann/json.hpp>

#include "attempt/error_json.h"
#include "base/file_io.h"

namespace millrace {
namespace {

constexpr int kAttemptDescriptor = 3;
constexpr int kExecFailed = 127;

/// Between fork and exec: only calls that are safe there.
[[noreturn]] void BecomeAttempt(const char* program, int fd, pid_t parent) {
  // The terminal's Ctrl-C reaches every process in its foreground; the parent decides what it
  // means. A parent that dies ends the child.
  ::signal(SIGINT, SIG_IGN);
  ::signal(SIGHUP, SIG_IGN);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(kExecFailed);
  const int null = ::open("/dev/null", O_RDONLY);
  if (null >= 0) ::dup2(null, STDIN_FILENO);
  ::dup2(STDERR_FILENO, STDOUT_FILENO);
  // dup2 to itself would keep close-on-exec.
  if (fd == kAttemptDescriptor) {
    ::fcntl(fd, F_SETFD, 0);
  } else {
    ::dup2(fd, kAttemptDescriptor);
  }
  char* const arguments[] = {const_cast<char*>(program), nullptr};
  ::execv(program, arguments);
  ::_exit(kExecFailed);
}

}  // namespace

Result<std::unique_ptr<AttemptProcess>> AttemptProcess::Start(const std::filesystem::path& program,
                                                              const StartDocument& start) {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
    return ErrnoError(errno, "making a channel to " + program.string());
  }
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) BecomeAttempt(program.c_str(), fds[1], parent);
  ::close(fds[1]);
  if (pid < 0) {
    const int error_number = errno;
    ::close(fds[0]);
    return ErrnoError(error_number, "starting " + program.string());
  }
  std::unique_ptr<AttemptProcess> process(new AttemptProcess(fds[0], pid));
  if (!process->socket_.Write(ToJson(start)).ok()) return process->HowItEnded();
  return process;
}

AttemptProcess::~AttemptProcess() {
  if (!wait_status_) {
    Kill();
    Reap(std::chrono::seconds(10));
  }
}

void AttemptProcess::Kill() { ::kill(pid_, SIGKILL); }

Result<AttemptProcess::Event> AttemptProcess::Wait(int wake_fd, std::chrono::milliseconds timeout) {
  const auto limit = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    MR_ASSIGN_OR_RETURN(auto message, socket_.Next());
    if (message) return Event{EventKind::kMessage, JsonValue(*std::move(message))};
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        limit - std::chrono::steady_clock::now());
    pollfd waited[] = {{socket_.fd(), POLLIN, 0}, {wake_fd, POLLIN, 0}};
    const int ready = ::poll(waited, 2, static_cast<int>(std::max<int64_t>(0, left.count())));
    if (ready < 0 && errno != EINTR) return ErrnoError(errno, "waiting for the attempt");
    if (ready == 0) return Event{EventKind::kTimeout, {}};
    if (ready > 0 && waited[1].revents != 0) return Event{EventKind::kWake, {}};
    if (ready > 0 && waited[0].revents != 0) {
      MR_ASSIGN_OR_RETURN(const bool more, socket_.ReadSome());
      if (!more) return Event{EventKind::kEnded, {}};
    }
  }
}

void AttemptProcess::Answer(const Json& message, const Result<Json>& answer) {
  Json reply{{"answer", message.value("seq", Json(0))}};
  if (answer.ok()) {
    reply["value"] = *answer;
  } else {
    const Status status = answer.status();
    reply["error"] =
        ErrorToJson(status.failed() ? status.error()
                                    : Error{FailureType::kSystemError, status.ToString(), {}, {}});
  }
  // A child that is gone is noticed by Wait.
  (void)socket_.Write(reply).ok();
}

void AttemptProcess::Command(std::string_view command) {
  (void)socket_.Write(Json{{"command", command}}).ok();
}

std::optional<int> AttemptProcess::Reap(std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (!wait_status_) {
    int status = 0;
    const pid_t reaped = ::waitpid(pid_, &status, WNOHANG);
    if (reaped == pid_) {
      wait_status_ = status;
    } else if (reaped < 0 && errno != EINTR) {
      break;
    } else if (std::chrono::steady_clock::now() > until) {
      break;
    } else {
      ::poll(nullptr, 0, 5);
    }
  }
  return wait_status_;
}

Status AttemptProcess::HowItEnded() {
  constexpr auto kExitLimit = std::chrono::seconds(10);
  if (!Reap(kExitLimit)) {
    Kill();
    Reap(kExitLimit);
    return SystemError("the attempt stopped answering and was killed; run again, and report this");
  }
  if (WIFSIGNALED(*wait_status_)) {
    const int number = WTERMSIG(*wait_status_);
    if (number == SIGKILL) {
      return SystemError(
          "the attempt was killed from outside (signal 9), perhaps because memory ran out; nothing "
          "that was saved is lost, run again");
    }
    return SystemError(
        "the attempt crashed: signal {} ({}); nothing that was saved is lost, please report this",
        number, ::strsignal(number));
  }
  const int code = WEXITSTATUS(*wait_status_);
  if (code == kExecFailed) {
    return SystemError("the attempt's program could not be started; is the installation complete?");
  }
  return SystemError("the attempt ended without a result (exit code {}); please report this", code);
}

Result<std::filesystem::path> AttemptProgram() {
  std::error_code code;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", code);
  if (code) return ErrnoError(code.value(), "finding this program's folder");
  const auto program = self.parent_path().parent_path() / "libexec" / "millrace-attempt";
  if (::access(program.c_str(), X_OK) != 0) {
    return SystemError("{} is missing: build or install Millrace completely", program.string());
  }
  return program;
}

}  // namespace millrace
