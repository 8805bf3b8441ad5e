#pragma once

#include <filesystem>
#include <string>

#include "base/process_lock.h"
#include "base/result.h"

namespace millrace {

/// One connection's folder below the data folder: its state, its counters, its lock. Holding an
/// object of this class is holding the lock: no other process syncs the connection or edits its
/// state meanwhile. Attempts inherit the lock, so that it outlasts a parent that was killed for as
/// long as its attempt runs.
class ConnectionFolder {
 public:
  /// Makes the folder and takes the lock. When another process holds it: a transient error that
  /// names the process; when that process is dead and only its attempt is still ending, waits for
  /// it (at most 15 s).
  static Result<ConnectionFolder> Open(const std::filesystem::path& data_dir,
                                       const std::string& connection);
  /// Where it is, without making or locking it.
  static std::filesystem::path PathOf(const std::filesystem::path& data_dir,
                                      const std::string& connection);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path state_path() const { return path_ / "state.json"; }
  std::filesystem::path counters_path() const { return path_ / "counters.json"; }

 private:
  ConnectionFolder(std::filesystem::path path, ProcessLock lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  std::filesystem::path path_;
  ProcessLock lock_;
};

/// `--data-dir`, or `.millrace` beside the connection file.
std::filesystem::path DataDirOf(const std::string& data_dir, const std::filesystem::path& file);

}  // namespace millrace
