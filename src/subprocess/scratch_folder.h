#pragma once

#include <filesystem>

#include "base/result.h"

namespace millrace {

/// A folder (mode 0700) for one process's temporary files, removed with all that is in it. Owned by
/// whoever started the process, and outlives it.
class ScratchFolder {
 public:
  /// Below the system's folder for temporary files.
  static Result<ScratchFolder> Make();

  ScratchFolder(ScratchFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ScratchFolder& operator=(ScratchFolder&&) = delete;
  ~ScratchFolder();

  const std::filesystem::path& path() const { return path_; }

 private:
  explicit ScratchFolder(std::filesystem::path path) : path_(std::move(path)) {}

  std::filesystem::path path_;
};

}  // namespace millrace
