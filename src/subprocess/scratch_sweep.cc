#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <system_error>

#include "base/log.h"
#include "subprocess/container_note.h"
#include "subprocess/scratch_folder.h"

namespace millrace {
namespace {

/// A server's child has a folder, and what the child runs has one within.
constexpr int kDepthMax = 2;

enum class Found { kNone, kInUse };

/// Ours, for nobody else, and no link.
bool IsScratchFolder(int fd) {
  struct stat found {};
  return ::fstat(fd, &found) == 0 && S_ISDIR(found.st_mode) && found.st_uid == ::geteuid() &&
         (found.st_mode & 0777) == 0700;
}

Found Sweep(const std::filesystem::path& parent, int depth);

/// Removes it unless somebody uses it, or a folder within.
Found SweepOne(const std::filesystem::path& path, int depth) {
  const FileDescriptor folder(
      ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (folder.get() < 0 || !IsScratchFolder(folder.get())) return Found::kNone;
  if (::flock(folder.get(), LOCK_EX | LOCK_NB) != 0) return Found::kInUse;
  if (depth < kDepthMax && Sweep(path, depth + 1) == Found::kInUse) return Found::kInUse;
  RemoveNotedContainer(path);
  std::error_code failed;
  std::filesystem::remove_all(path, failed);
  Log(failed ? LogLevel::kWarn : LogLevel::kInfo, "{}: left by a process that was killed; {}",
      path.string(), failed ? failed.message() : "removed");
  return Found::kNone;
}

/// As many turns as there are entries.
Found Sweep(const std::filesystem::path& parent, int depth) {
  Found all = Found::kNone;
  std::error_code failed;
  std::filesystem::directory_iterator entry(parent, failed);
  for (; !failed && entry != std::filesystem::directory_iterator(); entry.increment(failed)) {
    const std::filesystem::path& path = entry->path();
    if (!path.filename().string().starts_with(ScratchFolder::kPrefix)) continue;
    if (SweepOne(path, depth) == Found::kInUse) all = Found::kInUse;
  }
  return all;
}

}  // namespace

void SweepScratchFolders(const std::filesystem::path& parent) { Sweep(parent, 1); }

void SweepScratchFolders() {
  std::error_code failed;
  const auto parent = std::filesystem::temp_directory_path(failed);
  if (!failed) SweepScratchFolders(parent);
}

}  // namespace millrace
