#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <list>
#include <string>
#include <thread>

namespace millrace {

/// For tests: a TCP proxy on a free loopback port in front of a real server, which resets a
/// connection after so many bytes in both directions together as the test's function says for it.
class FaultProxy {
 public:
  /// `budget(n)`: bytes that connection n (from 1) may carry; negative: any number.
  FaultProxy(int target_port, std::function<int64_t(int)> budget)
      : target_port_(target_port), budget_(std::move(budget)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = Loopback(0);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_, 64), 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::jthread([this](std::stop_token stop) { Accept(stop); });
  }
  ~FaultProxy() {
    acceptor_.request_stop();
    acceptor_.join();
    for (auto& thread : connections_) thread.request_stop();
    connections_.clear();
    ::close(listener_);
  }

  std::string Url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int num_cut() const { return num_cut_; }

 private:
  static sockaddr_in Loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(port));
    return address;
  }

  void Accept(std::stop_token stop) {
    int number = 0;
    while (!stop.stop_requested()) {
      pollfd ready{listener_, POLLIN, 0};
      if (::poll(&ready, 1, 20) <= 0) continue;
      const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) continue;
      const int64_t budget = budget_(++number);
      connections_.emplace_back(
          [this, client, budget](std::stop_token s) { Serve(client, budget, s); });
    }
  }

  void Serve(int client, int64_t budget, std::stop_token stop) {
    const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = Loopback(target_port_);
    if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
      while (!stop.stop_requested()) {
        pollfd ends[2] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
        if (::poll(ends, 2, 20) <= 0) continue;
        if (ends[0].revents != 0 && !Forward(client, server, budget)) break;
        if (ends[1].revents != 0 && !Forward(server, client, budget)) break;
      }
    }
    ::close(server);
    ::close(client);
  }

  /// False: the connection ends.
  bool Forward(int from, int to, int64_t& budget) {
    char bytes[65536];
    ssize_t got = ::recv(from, bytes, sizeof bytes, 0);
    if (got <= 0) return false;
    const bool cut = budget >= 0 && got >= budget;
    if (cut) got = budget;
    if (budget >= 0) budget -= got;
    for (ssize_t at = 0; at < got;) {
      const ssize_t sent = ::send(to, bytes + at, static_cast<size_t>(got - at), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      at += sent;
    }
    if (!cut) return true;
    ++num_cut_;
    const linger at_once{1, 0};
    ::setsockopt(from, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    ::setsockopt(to, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    return false;
  }

  const int target_port_;
  const std::function<int64_t(int)> budget_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> num_cut_ = 0;
  std::list<std::jthread> connections_;  // touched by the acceptor, then by the destructor
  std::jthread acceptor_;
};

}  // namespace millrace
