#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/lower_case.h"
#include "clients/http/testing/loopback_server.h"

namespace millrace {

/// For tests: an HTTP server on a free loopback port whose answers are what the test scripts, down
/// to the bytes on the wire and how the connection ends. Each connection has a thread; all end
/// with the server.
class ScriptedServer {
 public:
  struct Request {
    std::string method, target, body;            // method "TLS": someone tried a handshake
    std::map<std::string, std::string> headers;  // names in lower case
    int number = 0;                              // from 1, over all connections
  };

  /// The open connection, for the script.
  class Reply {
   public:
    Reply(int socket, std::stop_token stop) : socket_(socket), stop_(std::move(stop)) {}

    void Send(std::string_view bytes) {
      while (!bytes.empty()) {
        const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) {
          open = false;
          return;
        }
        bytes.remove_prefix(static_cast<size_t>(sent));
      }
    }
    /// A whole reply with its length; the connection stays open.
    void Answer(int status, std::string_view body = "", const std::string& headers = "") {
      Send("HTTP/1.1 " + std::to_string(status) + " Scripted\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n" + headers + "\r\n");
      Send(body);
    }
    void Close() { open = false; }
    /// The peer sees "connection reset".
    void Reset() {
      const linger at_once{1, 0};
      ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
      open = false;
    }
    /// Says nothing until the peer hangs up or the server ends.
    void Hang() {
      char byte;
      while (!stop_.stop_requested()) {
        pollfd ready{socket_, POLLIN, 0};
        if (::poll(&ready, 1, 20) > 0 && ::recv(socket_, &byte, 1, 0) <= 0) break;
      }
      open = false;
    }

    bool open = true;

   private:
    const int socket_;
    const std::stop_token stop_;
  };

  using Script = std::function<void(const Request&, Reply&)>;

  explicit ScriptedServer(Script script)
      : script_(std::move(script)), server_([this](int socket, int, std::stop_token stop) {
          ++num_connections_;
          Serve(socket, stop);
        }) {}

  std::string Url(const std::string& path = "/") const {
    return "http://127.0.0.1:" + std::to_string(server_.port()) + path;
  }
  int port() const { return server_.port(); }
  int num_requests() const { return num_requests_; }
  int num_connections() const { return num_connections_; }

 private:
  void Serve(int socket, std::stop_token stop) {
    Reply reply(socket, stop);
    std::string buffer;
    Request request;
    while (reply.open && ReadRequest(socket, stop, buffer, request)) {
      request.number = ++num_requests_;
      script_(request, reply);
    }
  }

  static bool Receive(int socket, const std::stop_token& stop, std::string& buffer) {
    char piece[65536];
    while (!stop.stop_requested()) {
      pollfd ready{socket, POLLIN, 0};
      if (::poll(&ready, 1, 20) <= 0) continue;
      const ssize_t got = ::recv(socket, piece, sizeof piece, 0);
      if (got <= 0) return false;
      buffer.append(piece, static_cast<size_t>(got));
      return true;
    }
    return false;
  }

  static bool ReadRequest(int socket, const std::stop_token& stop, std::string& buffer,
                          Request& request) {
    size_t end;
    request = {};
    while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
      if (!Receive(socket, stop, buffer)) return false;
      if (buffer[0] == '\x16') {  // a TLS handshake
        request.method = "TLS";
        buffer.clear();
        return true;
      }
    }
    size_t line_end = buffer.find("\r\n");
    const std::string first = buffer.substr(0, line_end);
    const size_t space = first.find(' ');
    request.method = first.substr(0, space);
    request.target = first.substr(space + 1, first.rfind(' ') - space - 1);
    while (line_end < end) {
      const size_t begin = line_end + 2;
      line_end = buffer.find("\r\n", begin);
      const std::string line = buffer.substr(begin, line_end - begin);
      const size_t colon = line.find(':');
      request.headers[LowerCaseOf(line.substr(0, colon))] =
          line.substr(std::min(line.size(), colon + 2));
    }
    size_t length = 0;
    if (request.headers.count("content-length")) {
      length = std::stoul(request.headers["content-length"]);
    }
    buffer.erase(0, end + 4);
    while (buffer.size() < length) {
      if (!Receive(socket, stop, buffer)) return false;
    }
    request.body = buffer.substr(0, length);
    buffer.erase(0, length);
    return true;
  }

  const Script script_;
  std::atomic<int> num_requests_ = 0;
  std::atomic<int> num_connections_ = 0;
  LoopbackServer server_;  // last: its threads use the others
};

}  // namespace millrace
