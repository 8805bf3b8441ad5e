#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "clients/ssh/ssh_session.h"
#include "clients/ssh/tcp_socket.h"

struct ssh_channel_struct;

namespace millrace {

/// Where a tunnel leads.
struct ForwardTarget {
  std::string host;
  int port = 0;
};

/// One client's socket and the SSH channel that carries it. Belongs to the forwarder's thread;
/// nothing here waits. What either side can't take stays where it is: in the other's window.
class ForwardedConnection {
 public:
  /// `session` outlives the connection and doesn't block.
  ForwardedConnection(SshSession& session, TcpSocket client);
  ~ForwardedConnection();
  ForwardedConnection(const ForwardedConnection&) = delete;
  ForwardedConnection& operator=(const ForwardedConnection&) = delete;

  enum class Opening { kPending, kOpen, kFailed };
  /// Asks for the channel, and asks again until there is an answer. A failure says why.
  Opening Open(const ForwardTarget& target, Status* why);
  bool is_open() const { return open_; }

  /// Moves bytes both ways, as many as can be moved without waiting; true: some were.
  bool Move();
  /// Both sides have ended, or one broke.
  bool over() const { return broken_ || (client_ended_ && server_ended_ && to_client_.empty()); }

  int client_fd() const { return client_.fd(); }
  bool wants_client_input() const;
  bool wants_client_room() const { return sent_ < to_client_.size(); }

 private:
  bool MoveToClient();
  bool MoveToServer();
  bool SendPending();

  SshSession& session_;
  TcpSocket client_;
  ssh_channel_struct* const channel_;
  const Deadline open_by_;
  bool open_ = false;
  bool client_ended_ = false;
  bool server_ended_ = false;
  bool broken_ = false;
  std::string to_client_;  // received from the channel, not yet sent
  size_t sent_ = 0;        // of to_client_
  std::string to_server_;  // received from the client, not yet written
};

}  // namespace millrace
