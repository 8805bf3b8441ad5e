#include "subprocess/child_process.h"

#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "base/file_io.h"
#include "base/log.h"
#include "subprocess/forked_children.h"
#include "subprocess/forked_program.h"

namespace millrace {
namespace {

/// How long a wait goes on before it looks at its stop token.
constexpr std::chrono::milliseconds kTick(50);

/// How long what was killed may take to be gone, and what the program left behind.
constexpr std::chrono::seconds kKilledLimit(30);
constexpr std::chrono::seconds kLeftBehindLimit(5);
/// What a pipe may still hold, at most, when nobody is left to write: beyond it somebody is.
constexpr int64_t kBytesAfterEndMax = 16 << 20;

int TickMs(Deadline deadline) {
  if (deadline.never()) return static_cast<int>(kTick.count());
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline.when() -
                                                                 std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp(left, std::chrono::milliseconds(0), kTick).count());
}

}  // namespace

Result<std::unique_ptr<ChildProcess>> ChildProcess::Start(const ChildCommand& command) {
  MR_ASSIGN_OR_RETURN(ForkedProgram forked, ForkProgram(command));
  return std::unique_ptr<ChildProcess>(new ChildProcess(std::move(forked), command));
}

ChildProcess::ChildProcess(ForkedProgram forked, const ChildCommand& command)
    : pid_(forked.pid),
      family_(pid_),
      guard_(std::move(forked.guard)),
      end_(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0))),
      input_(std::make_unique<FileDescriptor>(forked.input)),
      output_(forked.output),
      errors_(forked.errors),
      last_lines_(command.on_error_line),
      error_reader_([this](const std::stop_token& stop) { ReadErrors(stop); }) {
  const int64_t limit = command.limits.memory_bytes;
  if (limit > 0) memory_guard_.emplace(family_, limit, [this] { KillAll(); });
}

ChildProcess::~ChildProcess() { Stop(std::chrono::milliseconds(0)); }

/// A child that has ended keeps its id, and its group's, until it is reaped.
bool ChildProcess::Ended() {
  const std::lock_guard lock(mutex_);
  if (exit_) return true;
  siginfo_t info = {};
  return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == pid_;
}

Result<int64_t> ChildProcess::Read(char* out, int64_t size, Deadline deadline,
                                   std::stop_token stop) {
  for (;;) {
    if (stop.stop_requested()) return Status::Canceled();
    const bool ended = Ended();  // before the read, which then finds all that was written
    if (ended && !std::exchange(left_behind_ended_, true)) KillAll();
    if (ended && bytes_after_end_ >= kBytesAfterEndMax) return 0;
    const ssize_t got = ::read(output_.get(), out, static_cast<size_t>(size));
    if (ended) bytes_after_end_ += std::max<ssize_t>(got, 0);
    if (got >= 0) return got;
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return ErrnoError(errno, "reading what the program prints");
    if (ended) return 0;
    if (deadline.Passed()) return Status::Deadline();
    std::array<pollfd, 2> waited = {pollfd{output_.get(), POLLIN, 0}, {end_.get(), POLLIN, 0}};
    ::poll(waited.data(), waited.size(), TickMs(deadline));
  }
}

Result<int64_t> ChildProcess::Write(std::string_view data, Deadline deadline,
                                    std::stop_token stop) {
  if (input_ == nullptr) return SystemError("the program's input was closed before");
  for (;;) {
    if (stop.stop_requested()) return Status::Canceled();
    const ssize_t put = ::write(input_->get(), data.data(), data.size());
    if (put >= 0) return put;
    if (errno == EINTR) continue;
    if (errno == EPIPE) return TransientError("the program no longer reads its input");
    if (errno != EAGAIN) return ErrnoError(errno, "writing to the program");
    if (deadline.Passed()) return Status::Deadline();
    pollfd waited = {input_->get(), POLLOUT, 0};
    ::poll(&waited, 1, TickMs(deadline));
  }
}

void ChildProcess::CloseInput() { input_.reset(); }

bool ChildProcess::WaitForEnd(Deadline deadline, const std::stop_token& stop) {
  while (!Ended()) {
    if (stop.stop_requested() || deadline.Passed()) return false;
    pollfd waited = {end_.get(), POLLIN, 0};
    ::poll(&waited, 1, TickMs(deadline));
  }
  return true;
}

Result<ChildExit> ChildProcess::Wait(Deadline deadline, std::stop_token stop) {
  if (WaitForEnd(deadline, stop)) return Reap();
  return stop.stop_requested() ? Status::Canceled() : Status::Deadline();
}

ChildExit ChildProcess::Stop(std::chrono::milliseconds grace) {
  if (exit_) return *exit_;
  CloseInput();
  if (grace.count() > 0) {
    family_.Signal(SIGTERM);
    WaitForEnd(Deadline::After(grace), {});
  }
  KillAll();
  if (WaitForEnd(Deadline::After(kKilledLimit), {})) return Reap();
  // The system holds it (a disk that does not answer): nobody can wait for that.
  Log(LogLevel::kWarn, "process {} was killed but does not end", pid_);
  const std::lock_guard lock(mutex_);
  ForkedChildren::Forget(pid_);
  return Leave(SIGKILL);
}

/// The program too, if it still runs. From several threads.
void ChildProcess::KillAll() {
  const std::lock_guard lock(mutex_);
  if (exit_ || family_.Kill(Deadline::After(kLeftBehindLimit))) return;
  Log(LogLevel::kWarn, "processes that process {} started were killed but do not end", pid_);
}

/// Requires that it ended.
ChildExit ChildProcess::Reap() {
  if (exit_) return *exit_;
  KillAll();  // what it left behind, while its id is still its own
  const std::lock_guard lock(mutex_);
  int wait_status = 0;
  while (::waitpid(pid_, &wait_status, 0) < 0 && errno == EINTR) {
  }
  ForkedChildren::Forget(pid_);
  ForkedChildren::ReapOrphans();
  return Leave(wait_status);
}

/// With mutex_: the process id is another's from now on.
ChildExit ChildProcess::Leave(int wait_status) {
  exit_ = ChildExitOf(wait_status);
  if (memory_guard_ && exit_->signal == SIGKILL)
    exit_->over_limit_bytes = memory_guard_->killed_at_bytes();
  error_reader_.request_stop();
  error_reader_.join();
  exit_->last_lines = last_lines_.lines();
  return *exit_;
}

/// Until the pipe ends, or the program did and what it said is read.
void ChildProcess::ReadErrors(const std::stop_token& stop) {
  constexpr int kReadsAfterEndMax = 16;  // of a pipe's size each: a stranger may hold it and write
  std::array<char, 64 << 10> chunk;
  for (int reads_after_end = 0; reads_after_end < kReadsAfterEndMax;) {
    const bool ended = stop.stop_requested();
    const ssize_t got = ::read(errors_.get(), chunk.data(), chunk.size());
    if (got > 0) last_lines_.Append({chunk.data(), static_cast<size_t>(got)});
    if (got == 0) break;
    if (got < 0 && errno != EAGAIN && errno != EINTR) break;
    if (ended && (got < 0 || ++reads_after_end == kReadsAfterEndMax)) break;
    if (got > 0) continue;
    pollfd waited = {errors_.get(), POLLIN, 0};
    ::poll(&waited, 1, static_cast<int>(kTick.count()));
    ForkedChildren::ReapOrphans();
  }
  last_lines_.End();
}

}  // namespace millrace
