#include "attempt/json_line_socket.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "base/file_io.h"

namespace millrace {

JsonLineSocket::~JsonLineSocket() { ::close(fd_); }

Status JsonLineSocket::Write(const Json& document) {
  std::string line = document.dump(-1, ' ', false, Json::error_handler_t::replace);
  line += '\n';
  std::lock_guard lock(write_mutex_);
  for (size_t at = 0; at < line.size();) {
    const ssize_t sent = ::send(fd_, line.data() + at, line.size() - at, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return ErrnoError(errno, "talking to the other process of this sync");
    at += static_cast<size_t>(sent);
  }
  return Status::Ok();
}

Result<std::optional<Json>> JsonLineSocket::Next() {
  if (searched_ == 0) buffer_.erase(0, buffer_.find_first_not_of('\n'));
  const size_t end = buffer_.find('\n', searched_);
  if (end == std::string::npos) {
    searched_ = buffer_.size();
    return std::optional<Json>();
  }
  Json document =
      Json::parse(buffer_.begin(), buffer_.begin() + static_cast<ptrdiff_t>(end), nullptr, false);
  buffer_.erase(0, end + 1);
  searched_ = 0;
  if (!document.is_object()) return SystemError("a message that is no JSON object");
  return std::optional<Json>(std::move(document));
}

Result<bool> JsonLineSocket::ReadSome() {
  char chunk[65536];
  for (;;) {
    const ssize_t got = ::read(fd_, chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == ECONNRESET) return false;
    if (got < 0) return ErrnoError(errno, "listening to the other process of this sync");
    if (got == 0) return false;
    buffer_.append(chunk, static_cast<size_t>(got));
    if (buffer_.size() > kLineBytesMax) return SystemError("a message of more than 1 GB");
    return true;
  }
}

Result<std::optional<Json>> JsonLineSocket::Read() {
  for (;;) {
    MR_ASSIGN_OR_RETURN(auto document, Next());
    if (document) return document;
    MR_ASSIGN_OR_RETURN(const bool more, ReadSome());
    if (!more) return std::optional<Json>();
  }
}

void JsonLineSocket::ShutDown() { ::shutdown(fd_, SHUT_RDWR); }

}  // namespace millrace
