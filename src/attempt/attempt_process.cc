#include "attempt/attempt_process.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <nlohmann/json.hpp>

#include "attempt/answer_message.h"
#include "attempt/child_start.h"
#include "base/file_io.h"
#include "subprocess/confinement.h"

namespace millrace {
Result<std::unique_ptr<AttemptProcess>> AttemptProcess::Start(
    const std::filesystem::path& program, const StartDocument& start,
    const std::filesystem::path& control_group) {
  ChildStart child;
  child.program = program;
  child.control_group = control_group;
  std::optional<ScratchFolder> scratch;
  if (start.rules) {
    MR_ASSIGN_OR_RETURN(ScratchFolder made, ScratchFolder::Make());
    scratch.emplace(std::move(made));
    child.confined_environment = ConfinedEnvironment(scratch->path());
  }
  MR_ASSIGN_OR_RETURN(const StartedChild started, StartChild(child));
  std::unique_ptr<AttemptProcess> process(
      new AttemptProcess(started.fd, started.pid, std::move(scratch)));
  if (!process->socket_.Write(ToJson(start)).ok()) return process->HowItEnded();
  return process;
}

AttemptProcess::~AttemptProcess() {
  if (!wait_status_) {
    Kill();
    Reap(std::chrono::seconds(10));
  }
  // What a child that was killed ran in containers.
  if (scratch_) SweepScratchFolders(scratch_->path());
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
  // A child that is gone is noticed by Wait.
  (void)socket_.Write(AnswerTo(message, answer)).ok();
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
  return DescribeExit(*wait_status_);
}

bool AttemptProcess::killed_from_outside() const {
  return wait_status_ && WIFSIGNALED(*wait_status_) && WTERMSIG(*wait_status_) == SIGKILL;
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
