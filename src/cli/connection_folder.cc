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

bool IsAlive(pid_t pid) { return pid > 0 && (::kill(pid, 0) == 0 || errno == EPERM); }

Status TakeLock(ProcessLock& lock, const std::string& connection) {
  constexpr auto kWaitMax = std::chrono::seconds(15);
  const auto until = std::chrono::steady_clock::now() + kWaitMax;
  for (;;) {
    MR_ASSIGN_OR_RETURN(const bool taken, lock.Try());
    if (taken) return Status::Ok();
    const pid_t holder = lock.Holder();
    const bool passed = std::chrono::steady_clock::now() > until;
    if (IsAlive(holder) || passed) {
      return TransientError(
          "another process ({}) is working on the connection {}; wait for it to end, or stop it",
          holder, connection);
    }
    ::poll(nullptr, 0, 50);
  }
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
  const auto path = PathOf(data_dir, connection);
  std::error_code code;
  std::filesystem::create_directories(path, code);
  if (code) return ErrnoError(code.value(), "making " + path.string());
  MR_ASSIGN_OR_RETURN(ProcessLock lock, ProcessLock::Open(path / "lock", /*inherited=*/true));
  MR_RETURN_IF_ERROR(TakeLock(lock, connection));
  return ConnectionFolder(path, std::move(lock));
}

}  // namespace millrace
