#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/deadline.h"
#include "base/file_descriptor.h"
#include "base/resource_limits.h"
#include "base/result.h"
#include "subprocess/child_exit.h"
#include "subprocess/group_guard.h"
#include "subprocess/last_lines.h"
#include "subprocess/memory_guard.h"
#include "subprocess/process_family.h"

namespace millrace {

struct ForkedProgram;

/// How a program is started. A plain value.
struct ChildCommand {
  /// The program (see FindProgram) and what follows it. Every user of the machine can read them:
  /// no secret belongs here.
  std::vector<std::string> arguments;
  std::vector<std::string> environment;  ///< "NAME=value"; it has exactly these
  std::filesystem::path folder;          ///< it works there
  /// Takes each line of its standard error, from a thread of the child's own. May be empty.
  std::function<void(std::string_view line)> on_error_line;
  /// Of it and all that it starts. Memory is looked at ten times a second (OwnMemory); processors
  /// are those that it may run on.
  ResourceLimits limits = {};
};

/// A program that runs beside us: pipes to its standard input and output, its standard error read
/// at once whatever we do, and its end. It is confined (ConfineAfterFork), inherits no descriptor,
/// and leads a process group. Whatever it started ends with it, wherever that went (ProcessFamily):
/// it is killed when the program is gone.
///
/// Owned by who started it, on a thread that must outlive it: the system kills the program when
/// that thread ends, and the whole group when this process does (GroupGuard). One thread may write
/// while another reads; Wait and Stop come from one of them. The process ignores SIGPIPE.
class ChildProcess {
 public:
  /// A config error when the program can't be started.
  static Result<std::unique_ptr<ChildProcess>> Start(const ChildCommand& command);
  /// Kills what still runs.
  ~ChildProcess();

  /// Reads up to `size` bytes of its output and returns how many; 0 at the end: of the pipe, or of
  /// the program once all that it wrote was read, should something that it started hold the pipe.
  /// kDeadline: nothing came in time. kCanceled: `stop` was requested.
  Result<int64_t> Read(char* out, int64_t size, Deadline deadline, std::stop_token stop);

  /// Hands over the beginning of `data`, at least a byte, and returns how much the pipe took.
  /// kDeadline: nothing, because the program does not read. A transient error when it never will.
  Result<int64_t> Write(std::string_view data, Deadline deadline, std::stop_token stop);
  /// Its input ends here.
  void CloseInput();

  /// Waits until the program ends by itself; then what it left behind is killed. kDeadline,
  /// kCanceled: it still runs.
  Result<ChildExit> Wait(Deadline deadline, std::stop_token stop);
  /// Closes its input and asks it and what it started to end (SIGTERM); kills what still runs after
  /// `grace`. Takes `grace` and half a minute at most.
  ChildExit Stop(std::chrono::milliseconds grace);

  pid_t pid() const { return pid_; }

 private:
  ChildProcess(ForkedProgram forked, const ChildCommand& command);

  bool Ended();
  bool WaitForEnd(Deadline deadline, const std::stop_token& stop);
  ChildExit Reap();
  ChildExit Leave(int wait_status);
  void KillAll();
  void ReadErrors(const std::stop_token& stop);

  const pid_t pid_;
  ProcessFamily family_;
  const std::unique_ptr<GroupGuard> guard_;
  const FileDescriptor end_;  // readable once the program ended
  std::unique_ptr<FileDescriptor> input_;
  const FileDescriptor output_;
  const FileDescriptor errors_;
  bool left_behind_ended_ = false;  // the reader's: it ended, and what it started was killed
  int64_t bytes_after_end_ = 0;     // as above: read since
  std::mutex mutex_;                // of reaping: afterwards the process id is another's
  std::optional<ChildExit> exit_;   // once reaped
  LastLines last_lines_;            // the error reader's, until it is joined
  std::jthread error_reader_;
  std::optional<MemoryGuard> memory_guard_;  // with a limit
};

}  // namespace millrace
