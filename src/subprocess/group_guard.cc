#include "subprocess/group_guard.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "base/file_io.h"

namespace millrace {
namespace {

/// Gives a descriptor a number above `lower`.
int Above(int lower, int fd) {
  if (fd > lower) return fd;
  const int moved = ::fcntl(fd, F_DUPFD_CLOEXEC, lower + 1);
  ::close(fd);
  return moved;
}

}  // namespace

Result<std::unique_ptr<GroupGuard>> GroupGuard::Make(pid_t group) {
  std::unique_ptr<GroupGuard> guard(new GroupGuard());
  MR_RETURN_IF_ERROR(guard->Open(group, /*reading_first=*/true, &guard->pipes_[0]));
  MR_RETURN_IF_ERROR(guard->Open(group, /*reading_first=*/false, &guard->pipes_[1]));
  return guard;
}

Status GroupGuard::Open(pid_t group, bool reading_first, Pipe* pipe) {
  std::array<int, 2> ends;
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return ErrnoError(errno, "making a pipe");
  auto [reading, writing] = ends;
  (reading_first ? writing : reading) =
      reading_first ? Above(reading, writing) : Above(writing, reading);
  const bool guarded = reading >= 0 && writing >= 0 && ::fcntl(reading, F_SETOWN, -group) == 0 &&
                       ::fcntl(reading, F_SETSIG, SIGKILL) == 0 &&
                       ::fcntl(reading, F_SETFL, O_ASYNC) == 0;
  const int error_number = errno;
  pipe->reading = reading;
  pipe->writing = writing;
  return guarded ? Status::Ok() : ErrnoError(error_number, "guarding a process group");
}

GroupGuard::~GroupGuard() {
  // The reading ends first: nobody is to be signalled.
  for (const Pipe& pipe : pipes_) {
    if (pipe.reading >= 0) ::close(pipe.reading);
  }
  for (const Pipe& pipe : pipes_) {
    if (pipe.writing >= 0) ::close(pipe.writing);
  }
}

}  // namespace millrace
