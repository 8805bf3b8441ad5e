#include "subprocess/scratch_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <set>
#include <system_error>
#include <utility>

#include "base/file_io.h"
#include "subprocess/container_note.h"

namespace millrace {
namespace {

std::mutex paths_mutex;

/// Those of this process.
std::set<std::filesystem::path>& Paths() {
  static auto* const paths = new std::set<std::filesystem::path>();  // see GroupGuard's
  return *paths;
}

}  // namespace

/// Null when somebody swept it up meanwhile. Where the file system knows no locks it is never
/// swept.
std::unique_ptr<ScratchFolder::Held> ScratchFolder::TryLock(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  auto held = std::unique_ptr<Held>(new Held{path, FileDescriptor(fd)});
  if (fd < 0 || (::flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)) return nullptr;
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 ? std::move(held) : nullptr;
}

Result<ScratchFolder> ScratchFolder::Make() {
  constexpr int kTriesMax = 100;
  std::error_code code;
  const auto parent = std::filesystem::temp_directory_path(code);
  if (code) return ErrnoError(code.value(), "finding the folder for temporary files");
  for (int tries = 0; tries < kTriesMax; ++tries) {
    std::string path = (parent / kPrefix).string() + "XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) return ErrnoError(errno, "making " + path);
    if (auto held = TryLock(path)) return ScratchFolder(std::move(held));
  }
  return SystemError("folders made in {} are gone at once", parent.string());
}

ScratchFolder::ScratchFolder(std::unique_ptr<Held> held) : held_(std::move(held)) {
  const std::lock_guard lock(paths_mutex);
  Paths().insert(path());
}

ScratchFolder::~ScratchFolder() {
  if (held_ == nullptr) return;
  std::error_code ignored;  // what is left is swept later
  std::filesystem::remove_all(path(), ignored);
  const std::lock_guard lock(paths_mutex);
  Paths().erase(path());
}

Status ScratchFolder::NoteContainer(const std::string& engine, const std::string& name) const {
  return WriteContainerNote(path(), engine, name);
}

void ScratchFolder::RemoveAll() {
  std::set<std::filesystem::path> paths;
  {
    const std::lock_guard lock(paths_mutex);
    paths = Paths();
  }
  std::error_code ignored;
  for (const auto& path : paths) {
    RemoveNotedContainer(path);
    std::filesystem::remove_all(path, ignored);
  }
}

}  // namespace millrace
