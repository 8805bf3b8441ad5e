#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <list>
#include <stop_token>
#include <thread>
#include <utility>

namespace millrace {

inline sockaddr_in LoopbackAddress(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

/// For tests: listens on a free loopback port; each connection has a thread, and all end with the
/// server.
class LoopbackServer {
 public:
  /// Serves connection `number` (from 1) on its own thread until it ends or `stop`; the socket is
  /// closed afterwards.
  using Serve = std::function<void(int socket, int number, std::stop_token stop)>;

  explicit LoopbackServer(Serve serve) : serve_(std::move(serve)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = LoopbackAddress(0);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_, 64), 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::jthread([this](std::stop_token stop) { Accept(stop); });
  }
  ~LoopbackServer() {
    acceptor_.request_stop();
    acceptor_.join();
    for (auto& thread : connections_) thread.request_stop();
    connections_.clear();
    ::close(listener_);
  }

  int port() const { return port_; }

 private:
  void Accept(std::stop_token stop) {
    int number = 0;
    while (!stop.stop_requested()) {
      pollfd ready{listener_, POLLIN, 0};
      if (::poll(&ready, 1, 20) <= 0) continue;
      const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) continue;
      connections_.emplace_back([this, socket, n = ++number](std::stop_token s) {
        serve_(socket, n, s);
        ::close(socket);
      });
    }
  }

  const Serve serve_;
  int listener_ = -1;
  int port_ = 0;
  std::list<std::jthread> connections_;  // touched by the acceptor, then by the destructor
  std::jthread acceptor_;
};

}  // namespace millrace
