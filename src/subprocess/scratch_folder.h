#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace millrace {

/// A folder (mode 0700) for one process's temporary files, removed with all that is in it. Owned by
/// whoever started the process, and outlives it. While it lives it is locked (flock), which ends
/// with this process, however that ends: a folder of that name that nobody has locked was left
/// behind, and SweepScratchFolders removes it.
class ScratchFolder {
 public:
  /// What their names begin with.
  static constexpr const char* kPrefix = "millrace-scratch-";

  /// Below the system's folder for temporary files.
  static Result<ScratchFolder> Make();

  ScratchFolder(ScratchFolder&& other) noexcept = default;
  ScratchFolder& operator=(ScratchFolder&&) = delete;
  ~ScratchFolder();

  const std::filesystem::path& path() const { return held_->path; }

  /// A container runs on what lies here (its engine's program, absolute, and its name): it ends
  /// with the folder when the folder is swept.
  Status NoteContainer(const std::string& engine, const std::string& name) const;

  /// Removes every one of this process, and what runs on them, before it leaves without destroying
  /// anything. Containers are waited for, 20 s each at most.
  static void RemoveAll();

 private:
  struct Held {
    std::filesystem::path path;
    FileDescriptor lock;
  };
  explicit ScratchFolder(std::unique_ptr<Held> held);
  static std::unique_ptr<Held> TryLock(const std::string& path);

  std::unique_ptr<Held> held_;  // null: moved from
};

/// Removes the folders below `parent` that were left behind, with their containers; each is told in
/// the log. Those of other users and those that can't be removed stay. To be called at the start of
/// a program; what other processes use is left alone.
void SweepScratchFolders(const std::filesystem::path& parent);
/// The same below the system's folder for temporary files.
void SweepScratchFolders();

}  // namespace millrace
