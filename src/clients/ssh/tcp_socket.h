#pragma once

#include <stop_token>
#include <string>

#include "base/deadline.h"
#include "base/result.h"

namespace millrace {

/// A socket that is closed when this object goes. Movable; one thread.
class TcpSocket {
 public:
  TcpSocket() = default;
  explicit TcpSocket(int fd) : fd_(fd) {}
  TcpSocket(TcpSocket&& other) noexcept : fd_(other.Release()) {}
  TcpSocket& operator=(TcpSocket&& other) noexcept;
  ~TcpSocket() { Close(); }

  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  /// Gives the descriptor away.
  int Release();
  void Close();

 private:
  int fd_ = -1;
};

/// Connects to the first address of `host` that answers. The socket does not block; keepalives and
/// a user timeout of a minute notice a peer that has gone. Config error: unknown name. Transient:
/// nobody answers.
Result<TcpSocket> ConnectTcp(const std::string& host, int port, Deadline deadline,
                             std::stop_token stop);

/// Listens on a free port of the loopback interface; does not block.
Result<TcpSocket> ListenOnLoopback(int* port);

/// Waits for `events` of poll(2), at most 100 ms and not beyond `deadline`. False: nothing yet.
bool PollBriefly(int fd, short events, Deadline deadline);  // NOLINT: poll's own type

}  // namespace millrace
