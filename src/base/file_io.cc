#include "base/file_io.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/file_descriptor.h"
#include "base/uuid.h"

namespace millrace {
namespace {

Status WriteAll(int fd, std::string_view content, const std::filesystem::path& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return ErrnoError(errno, "writing " + path.string());
    }
    content.remove_prefix(static_cast<size_t>(written));
  }
  return Status::Ok();
}

}  // namespace

Status ErrnoError(int error_number, std::string_view doing) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return ConfigError("{}: the disk is full; free some space and run again", doing);
    case ENOENT:
      return ConfigError("{}: no such file or folder", doing);
    case EACCES:
    case EPERM:
    case EROFS:
      return ConfigError("{}: permission denied", doing);
    case ENOTDIR:
    case EISDIR:
    case ENAMETOOLONG:
    case ELOOP:
    case EFBIG:
      return ConfigError("{}: {}", doing, std::strerror(error_number));
    default:
      return SystemError("{}: {}", doing, std::strerror(error_number));
  }
}

Result<std::string> ReadFile(const std::filesystem::path& path, int64_t bytes_max) {
  const std::string doing = "reading " + path.string();
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return ErrnoError(errno, doing);
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return ErrnoError(errno, doing);
  if (S_ISDIR(info.st_mode)) return ErrnoError(EISDIR, doing);
  std::string content;
  char buffer[65536];
  for (;;) {
    const ssize_t got = ::read(file.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoError(errno, doing);
    if (got == 0) return content;
    content.append(buffer, static_cast<size_t>(got));
    if (static_cast<int64_t>(content.size()) > bytes_max) {
      return ConfigError("{}: larger than {} bytes", doing, bytes_max);
    }
  }
}

Status SyncFolder(const std::filesystem::path& folder) {
  const std::string doing = "syncing " + folder.string();
  FileDescriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0) return ErrnoError(errno, doing);
  if (::fsync(directory.get()) != 0 && errno != EINVAL) return ErrnoError(errno, doing);
  return Status::Ok();
}

Status WriteFileAtomically(const std::filesystem::path& path, std::string_view content,
                           unsigned mode) {
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  if (code) return ErrnoError(code.value(), "making " + folder.string());
  const auto staged = folder / fmt::format(".{}.{}", path.filename().string(), RandomUuid());
  {
    FileDescriptor file(::open(staged.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (file.get() < 0) return ErrnoError(errno, "creating " + staged.string());
    Status status = WriteAll(file.get(), content, path);
    if (status.ok() && ::fsync(file.get()) != 0) {
      status = ErrnoError(errno, "writing " + path.string());
    }
    if (!status.ok()) {
      ::unlink(staged.c_str());
      return status;
    }
  }
  if (::rename(staged.c_str(), path.c_str()) != 0) {
    const int error_number = errno;
    ::unlink(staged.c_str());
    return ErrnoError(error_number, "replacing " + path.string());
  }
  return SyncFolder(folder);
}

}  // namespace millrace
