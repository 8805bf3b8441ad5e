#include "base/process_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "base/file_io.h"

namespace millrace {

Result<ProcessLock> ProcessLock::Open(const std::filesystem::path& path, bool inherited) {
  // Out of the way of the descriptor that an attempt gets its channel at.
  constexpr int kLowestDescriptor = 10;
  const int opened = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (opened < 0) return ErrnoError(errno, "opening " + path.string());
  const int fd = ::fcntl(opened, inherited ? F_DUPFD : F_DUPFD_CLOEXEC, kLowestDescriptor);
  const int error_number = errno;
  ::close(opened);
  if (fd < 0) return ErrnoError(error_number, "opening " + path.string());
  return ProcessLock(path, fd);
}

ProcessLock::ProcessLock(ProcessLock&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}

ProcessLock::~ProcessLock() {
  if (fd_ >= 0) ::close(fd_);
}

Result<bool> ProcessLock::Try() {
  while (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) return ErrnoError(errno, "locking " + path_.string());
  }
  const std::string holder = fmt::format("{}\n", ::getpid());
  if (::ftruncate(fd_, 0) != 0 ||
      ::pwrite(fd_, holder.data(), holder.size(), 0) != static_cast<ssize_t>(holder.size())) {
    return ErrnoError(errno, "writing " + path_.string());
  }
  return true;
}

pid_t ProcessLock::Holder() const {
  char text[32] = {};
  const ssize_t got = ::pread(fd_, text, sizeof text - 1, 0);
  return got > 0 ? static_cast<pid_t>(std::strtol(text, nullptr, 10)) : 0;
}

}  // namespace millrace
