#include "clients/ssh/tcp_socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "base/file_io.h"
#include "base/refused_address.h"

namespace millrace {
namespace {

constexpr int kStopCheckMs = 100;
constexpr int kUserTimeoutMs = 60'000;

void NoticeSilence(int fd) {
  const auto set = [fd](int level, int name, int value) {
    setsockopt(fd, level, name, &value, sizeof(value));
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 30);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 10);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, kUserTimeoutMs);
  set(IPPROTO_TCP, TCP_NODELAY, 1);
}

/// 0, or the errno of the attempt; ETIMEDOUT also when the deadline passed.
Result<int> Await(int fd, Deadline deadline, const std::stop_token& stop) {
  while (!PollBriefly(fd, POLLOUT, deadline)) {
    if (stop.stop_requested()) return Status::Canceled();
    if (deadline.Passed()) return ETIMEDOUT;
  }
  int error = 0;
  socklen_t size = sizeof(error);
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

}  // namespace

TcpSocket& TcpSocket::operator=(TcpSocket&& other) noexcept {
  if (this != &other) {
    Close();
    fd_ = other.Release();
  }
  return *this;
}

int TcpSocket::Release() { return std::exchange(fd_, -1); }

void TcpSocket::Close() {
  if (fd_ >= 0) close(Release());
}

bool PollBriefly(int fd, short events, Deadline deadline) {  // NOLINT: poll's own type
  int timeout_ms = kStopCheckMs;
  if (!deadline.never()) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline.when() - std::chrono::steady_clock::now());
    timeout_ms = static_cast<int>(std::clamp<int64_t>(left.count() + 1, 0, kStopCheckMs));
  }
  pollfd waiting{fd, events, 0};
  return poll(&waiting, 1, timeout_ms) > 0;
}

Result<TcpSocket> ConnectTcp(const std::string& host, int port, Deadline deadline,
                             std::stop_token stop) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int looked_up = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (looked_up != 0) {
    const bool passing = looked_up == EAI_AGAIN || looked_up == EAI_SYSTEM;
    return passing ? TransientError("looking up {}: {}", host, gai_strerror(looked_up))
                   : ConfigError("the host {} is not known: {}", host, gai_strerror(looked_up));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, &freeaddrinfo);
  int error = 0;
  ForgetRefusedAddress();
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    TcpSocket connection(socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!connection.is_open()) {
      error = errno;
      continue;
    }
    NoticeSilence(connection.fd());
    error = connect(connection.fd(), address->ai_addr, address->ai_addrlen) == 0 ? 0 : errno;
    if (error == EINPROGRESS) {
      MR_ASSIGN_OR_RETURN(error, Await(connection.fd(), deadline, stop));
    }
    if (error == 0) return connection;
  }
  return ExplainRefusedAddress(
      TransientError("connecting to {}:{}: {}", host, port, std::strerror(error)),
      fmt::format("{}:{}", host, port));
}

Result<TcpSocket> ListenOnLoopback(int* port) {
  TcpSocket listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const plain = reinterpret_cast<sockaddr*>(&address);
  if (!listener.is_open() || bind(listener.fd(), plain, size) != 0 ||
      listen(listener.fd(), 64) != 0 || getsockname(listener.fd(), plain, &size) != 0) {
    return ErrnoError(errno, "listening on a loopback port");
  }
  *port = ntohs(address.sin_port);
  return listener;
}

}  // namespace millrace
