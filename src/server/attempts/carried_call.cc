#include "server/attempts/carried_call.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "attempt/parent_call.h"
#include "base/file_io.h"

namespace millrace {
namespace {

constexpr auto kPutLimit = std::chrono::seconds(10);
constexpr auto kSilenceMax = std::chrono::seconds(5);
/// Who has just asked waits for the answer: it is looked for more often.
constexpr auto kConversation = std::chrono::milliseconds(500);
constexpr auto kQuickPause = std::chrono::milliseconds(2);
constexpr auto kPause = std::chrono::milliseconds(25);

}  // namespace

Result<std::pair<std::shared_ptr<CarriedCall>, std::unique_ptr<JsonLineSocket>>>
CarriedCall::Make() {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
    return ErrnoError(errno, "making a pair of sockets for an attempt");
  }
  SetSocketTimeout(fds[0], kPutLimit);
  return std::pair(std::shared_ptr<CarriedCall>(new CarriedCall(fds[0])),
                   std::make_unique<JsonLineSocket>(fds[1]));
}

CarriedCall::~CarriedCall() { ::close(fd_); }

bool CarriedCall::Put(std::string_view bytes) {
  last_put_ = std::chrono::steady_clock::now();
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) {
      ::shutdown(fd_, SHUT_RDWR);  // half a line may be in there: the call can't go on
      return false;
    }
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

HttpPiece CarriedCall::Next() {
  std::array<char, 64 << 10> chunk;
  const SteadyTime now = std::chrono::steady_clock::now();
  const ssize_t got = ::recv(fd_, chunk.data(), chunk.size(), MSG_DONTWAIT);
  if (got > 0) {
    last_piece_ = now;
    at_line_start_ = chunk[static_cast<size_t>(got) - 1] == '\n';
    return {std::string(chunk.data(), static_cast<size_t>(got)), false, {}};
  }
  if (got == 0 || (errno != EAGAIN && errno != EINTR)) return {"", true, {}};
  if (at_line_start_ && now - last_piece_ > kSilenceMax) {
    last_piece_ = now;
    return {"\n", false, kPause};
  }
  const bool talking = now - std::max(last_put_.load(), last_piece_) < kConversation;
  return {"", false, talking ? kQuickPause : kPause};
}

}  // namespace millrace
