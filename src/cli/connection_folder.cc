#include "cli/connection_folder.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>

#include "base/file_io.h"

namespace millrace {
namespace {

/// A name as one folder's: what could mean something to a file system is written as %XX.
std::string FolderName(std::string_view name) {
  std::string folder;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '-' || (c == '.' && !folder.empty());
    folder += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return folder;
}

/// The process that wrote its id into the lock file; 0 when none did.
pid_t HolderOf(int fd) {
  char text[32] = {};
  const ssize_t got = ::pread(fd, text, sizeof text - 1, 0);
  return got > 0 ? static_cast<pid_t>(std::strtol(text, nullptr, 10)) : 0;
}

bool IsAlive(pid_t pid) { return pid > 0 && (::kill(pid, 0) == 0 || errno == EPERM); }

Status TakeLock(int fd, const std::string& connection) {
  constexpr auto kWaitMax = std::chrono::seconds(15);
  const auto until = std::chrono::steady_clock::now() + kWaitMax;
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return ErrnoError(errno, "locking the connection's folder");
    const pid_t holder = HolderOf(fd);
    const bool passed = std::chrono::steady_clock::now() > until;
    if (IsAlive(holder) || passed) {
      return TransientError(
          "another process ({}) is working on the connection {}; wait for it to end, or stop it",
          holder, connection);
    }
    ::poll(nullptr, 0, 50);
  }
  return Status::Ok();
}

}  // namespace

std::filesystem::path DataDirOf(const std::string& data_dir, const std::filesystem::path& file) {
  if (!data_dir.empty()) return data_dir;
  return std::filesystem::absolute(file).lexically_normal().parent_path() / ".millrace";
}

std::filesystem::path ConnectionFolder::PathOf(const std::filesystem::path& data_dir,
                                               const std::string& connection) {
  return data_dir / FolderName(connection);
}

Result<ConnectionFolder> ConnectionFolder::Open(const std::filesystem::path& data_dir,
                                                const std::string& connection) {
  // Out of the way of the descriptor that an attempt gets its channel at.
  constexpr int kLowestDescriptor = 10;
  const auto path = PathOf(data_dir, connection);
  std::error_code code;
  std::filesystem::create_directories(path, code);
  if (code) return ErrnoError(code.value(), "making " + path.string());
  const auto lock_path = path / "lock";
  const int opened = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (opened < 0) return ErrnoError(errno, "opening " + lock_path.string());
  const int fd = ::fcntl(opened, F_DUPFD, kLowestDescriptor);  // inherited, on purpose
  const int error_number = errno;
  ::close(opened);
  if (fd < 0) return ErrnoError(error_number, "opening " + lock_path.string());
  ConnectionFolder folder(path, fd);
  MR_RETURN_IF_ERROR(TakeLock(fd, connection));
  const std::string holder = fmt::format("{}\n", ::getpid());
  if (::ftruncate(fd, 0) != 0 ||
      ::pwrite(fd, holder.data(), holder.size(), 0) != static_cast<ssize_t>(holder.size())) {
    return ErrnoError(errno, "writing " + lock_path.string());
  }
  return folder;
}

ConnectionFolder::ConnectionFolder(ConnectionFolder&& other) noexcept
    : path_(std::move(other.path_)), lock_fd_(other.lock_fd_) {
  other.lock_fd_ = -1;
}

ConnectionFolder::~ConnectionFolder() {
  if (lock_fd_ >= 0) ::close(lock_fd_);
}

}  // namespace millrace
