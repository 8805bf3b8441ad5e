#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <list>
#include <string>
#include <thread>

#include "clients/ssh/tcp_socket.h"

namespace millrace {

/// For tests: sends all of it, then says that it has ended.
inline void SendAll(int fd, std::string_view bytes, bool end = true) {
  while (!bytes.empty()) {
    const ssize_t n = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n > 0) {
      bytes.remove_prefix(static_cast<size_t>(n));
    } else if (errno != EAGAIN) {
      return;
    } else {
      PollBriefly(fd, POLLOUT, Deadline::Never());
    }
  }
  if (end) shutdown(fd, SHUT_WR);
}

/// For tests: what comes until the other side ends.
inline std::string ReceiveAll(int fd) {
  std::string bytes;
  char piece[65536];
  while (true) {
    const ssize_t n = recv(fd, piece, sizeof(piece), 0);
    if (n > 0) {
      bytes.append(piece, static_cast<size_t>(n));
    } else if (n == 0 || errno != EAGAIN) {
      return bytes;
    } else {
      PollBriefly(fd, POLLIN, Deadline::Never());
    }
  }
}

/// For tests: a TCP server that sends back what it gets.
class EchoServer {
 public:
  EchoServer() : listener_(*ListenOnLoopback(&port_)) {
    thread_ = std::jthread([this](const std::stop_token& stop) {
      std::list<std::jthread> clients;
      while (!stop.stop_requested()) {
        if (!PollBriefly(listener_.fd(), POLLIN, Deadline::Never())) continue;
        clients.emplace_back(
            [client = TcpSocket(accept(listener_.fd(), nullptr, nullptr))] { Serve(client.fd()); });
      }
    });
  }

  int port() const { return port_; }

 private:
  static void Serve(int fd) {
    char piece[16384];
    for (ssize_t n; (n = recv(fd, piece, sizeof(piece), 0)) > 0;) {
      SendAll(fd, std::string_view(piece, static_cast<size_t>(n)), /*end=*/false);
    }
    shutdown(fd, SHUT_WR);
  }

  int port_ = 0;
  TcpSocket listener_;
  std::jthread thread_;
};

}  // namespace millrace
