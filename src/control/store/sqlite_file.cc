#include "control/store/sqlite_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace millrace {

Result<SqliteFile> SqliteFile::Open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  struct stat found {};
  const bool opened = fd >= 0 && ::fstat(fd, &found) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (opened) return SqliteFile(path, found.st_dev, found.st_ino);
  return ConfigError("can't make the metadata database {}: {}", path, std::strerror(error));
}

Status SqliteFile::CheckThere() const {
  struct stat found {};
  if (::stat(path_.c_str(), &found) == 0 && found.st_dev == device_ && found.st_ino == number_) {
    return Status::Ok();
  }
  return TransientError(
      "the metadata database {} was moved, deleted or replaced while the server ran: put that file "
      "back in its place, or stop the server and restore a backup",
      path_);
}

}  // namespace millrace
