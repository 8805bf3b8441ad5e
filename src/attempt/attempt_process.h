#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>

#include "attempt/json_line_socket.h"
#include "attempt/start_document.h"
#include "base/result.h"
#include "subprocess/scratch_folder.h"

namespace millrace {

/// The parent's end: one millrace-attempt process and the channel to it (see AttemptChannel for
/// the messages). Used by the thread that started it: the child is told when that thread ends.
class AttemptProcess {
 public:
  /// Starts the program and sends the document. The child's standard output is our standard error,
  /// so that nothing of its libraries gets among results. With rules in the document it is confined
  /// as a server's child. It joins `control_group` before it runs, unless that is empty.
  static Result<std::unique_ptr<AttemptProcess>> Start(
      const std::filesystem::path& program, const StartDocument& start,
      const std::filesystem::path& control_group = {});
  /// Kills the child when it still runs.
  ~AttemptProcess();

  enum class EventKind { kMessage, kWake, kTimeout, kEnded };
  struct Event {
    EventKind kind;
    JsonValue message;  ///< kMessage
  };
  /// Waits for the child's next message or end, for `wake_fd` to become readable (-1: none), or
  /// for the time to pass.
  Result<Event> Wait(int wake_fd, std::chrono::milliseconds timeout);

  /// Answers a message that asked. The child may be gone: then nothing happens.
  void Answer(const Json& message, const Result<Json>& answer);
  /// "finish" or "cancel".
  void Command(std::string_view command);
  void Kill();

  pid_t pid() const { return pid_; }

  /// After kEnded: how the process ended, when it did so without a word (no RESULT or FAILURE).
  Status HowItEnded();
  /// After HowItEnded: it ended by signal 9.
  bool killed_from_outside() const;

 private:
  AttemptProcess(int fd, pid_t pid, std::optional<ScratchFolder> scratch)
      : scratch_(std::move(scratch)), socket_(fd), pid_(pid) {}
  std::optional<int> Reap(std::chrono::milliseconds limit);

  std::optional<ScratchFolder> scratch_;  // a server's child has one
  JsonLineSocket socket_;
  pid_t pid_;
  std::optional<int> wait_status_;  // once reaped
};

/// The program that attempts run in: ../libexec/millrace-attempt beside this executable's folder.
Result<std::filesystem::path> AttemptProgram();

}  // namespace millrace
