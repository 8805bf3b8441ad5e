#pragma once

#include <atomic>
#include <list>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "clients/ssh/forwarded_connection.h"
#include "clients/ssh/ssh_session.h"
#include "clients/ssh/tcp_socket.h"

struct pollfd;

namespace millrace {

/// Forwards connections to one loopback port through an SSH session, on a thread of its own, which
/// alone touches the session. Memory is bounded by SSH's windows: about 2 MiB a connection.
class PortForwarder {
 public:
  /// Connects, proves that the target answers, and starts to listen.
  static Result<std::unique_ptr<PortForwarder>> Start(const SshOptions& options,
                                                      const std::string& target_host,
                                                      int target_port, std::stop_token stop);
  ~PortForwarder();

  int port() const { return port_; }
  /// False once the session was lost: make another.
  bool alive() const { return alive_; }
  /// The last thing that went wrong in the tunnel itself; forgotten when a connection succeeds.
  Status failure() const;

 private:
  PortForwarder(std::string where, ForwardTarget target, std::unique_ptr<SshSession> session);

  Status ProveTarget(std::stop_token stop);
  void Run(const std::stop_token& stop);
  void WaitForEvents(std::vector<pollfd>& waiting);
  void Accept();
  /// Moves what can be moved; true: come again, there may be more.
  bool MoveBytes();
  void KeepAlive();
  void Note(const Status& status);

  const std::string where_;
  const ForwardTarget target_;
  const std::unique_ptr<SshSession> session_;
  TcpSocket listener_;
  TcpSocket wake_;  ///< an eventfd: the end of Run
  int port_ = 0;
  std::list<ForwardedConnection> connections_;  // the thread's, as the next
  Deadline keep_alive_ = Deadline::Never();
  std::atomic<bool> alive_ = true;

  mutable std::mutex mutex_;
  Status failure_;  // guarded by mutex_

  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace millrace
