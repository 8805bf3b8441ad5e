#pragma once

#include <sys/types.h>

#include <filesystem>

#include "base/result.h"

namespace millrace {

/// A lock between processes: an exclusive flock on a file that names its holder. Gone when the last
/// process that has the descriptor ends, however it ends. One thread.
class ProcessLock {
 public:
  /// Opens the file, making it (mode 0600) when it isn't there; not locked yet. `inherited`:
  /// children hold the lock too, so that it outlasts this process for as long as they run.
  static Result<ProcessLock> Open(const std::filesystem::path& path, bool inherited);

  ProcessLock(ProcessLock&& other) noexcept;
  ProcessLock& operator=(ProcessLock&&) = delete;
  ~ProcessLock();

  /// Takes the lock and writes this process's id. False: another process has it. Never blocks.
  Result<bool> Try();
  /// The process that wrote its id last; 0 when none did.
  pid_t Holder() const;

 private:
  ProcessLock(std::filesystem::path path, int fd) : path_(std::move(path)), fd_(fd) {}

  std::filesystem::path path_;
  int fd_;
};

}  // namespace millrace
