#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <stop_token>
#include <string>

#include "clients/http/testing/loopback_server.h"

namespace millrace {

/// For tests: a TCP proxy on a free loopback port in front of a real server, which resets a
/// connection after so many bytes in both directions together as the test's function says for it.
class FaultProxy {
 public:
  /// `budget(n)`: bytes that connection n (from 1) may carry; negative: any number.
  FaultProxy(int target_port, std::function<int64_t(int)> budget)
      : target_port_(target_port),
        budget_(std::move(budget)),
        server_([this](int socket, int number, std::stop_token stop) {
          Serve(socket, budget_(number), stop);
        }) {}

  std::string Url() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }
  int num_cut() const { return num_cut_; }

 private:
  void Serve(int client, int64_t budget, std::stop_token stop) {
    const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = LoopbackAddress(target_port_);
    if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
      while (!stop.stop_requested()) {
        pollfd ends[2] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
        if (::poll(ends, 2, 20) <= 0) continue;
        if (ends[0].revents != 0 && !Forward(client, server, budget)) break;
        if (ends[1].revents != 0 && !Forward(server, client, budget)) break;
      }
    }
    ::close(server);
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
  std::atomic<int> num_cut_ = 0;
  LoopbackServer server_;  // last: its threads use the others
};

}  // namespace millrace
