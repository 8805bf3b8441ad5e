#include "clients/ssh/forwarded_connection.h"

#include <libssh/libssh.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace millrace {
namespace {

constexpr size_t kPieceBytes = 64 << 10;
/// sshd itself tries to reach the target for as long as its TCP does.
constexpr std::chrono::seconds kOpenTimeout{30};

bool WouldBlock() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

ForwardedConnection::ForwardedConnection(SshSession& session, TcpSocket client)
    : session_(session),
      client_(std::move(client)),
      channel_(ssh_channel_new(session.handle())),
      open_by_(Deadline::After(kOpenTimeout)) {}

ForwardedConnection::~ForwardedConnection() {
  if (channel_ != nullptr) ssh_channel_free(channel_);
}

ForwardedConnection::Opening ForwardedConnection::Open(const ForwardTarget& target, Status* why) {
  const int result = channel_ == nullptr ? SSH_ERROR
                                         : ssh_channel_open_forward(channel_, target.host.c_str(),
                                                                    target.port, "127.0.0.1", 0);
  if (result == SSH_OK) {
    open_ = true;
    return Opening::kOpen;
  }
  if (result == SSH_AGAIN && !open_by_.Passed()) return Opening::kPending;
  broken_ = true;
  const std::string_view said = ssh_get_error(session_.handle());
  const auto mentions = [&](std::string_view what) { return said.find(what) != said.npos; };
  if (result == SSH_AGAIN) {
    *why = TransientError("{}:{} gave no answer through the SSH tunnel within {} s", target.host,
                          target.port, kOpenTimeout.count());
  } else if (mentions("error (1)") || mentions("rohibited")) {
    *why = ConfigError(
        "the SSH server does not forward to {}:{}: see its AllowTcpForwarding and "
        "PermitOpen ({})",
        target.host, target.port, said);
  } else if (mentions("resolve") || mentions("not known")) {
    *why = ConfigError("the SSH server does not know the host {} ({})", target.host, said);
  } else {
    *why = TransientError("the SSH server can't reach {}:{} ({})", target.host, target.port, said);
  }
  return Opening::kFailed;
}

bool ForwardedConnection::wants_client_input() const {
  return open_ && !client_ended_ && to_server_.empty() && ssh_channel_window_size(channel_) > 0;
}

bool ForwardedConnection::Move() {
  const bool to_client = MoveToClient();
  return MoveToServer() || to_client;
}

bool ForwardedConnection::SendPending() {
  while (sent_ < to_client_.size()) {
    const ssize_t n = send(client_.fd(), to_client_.data() + sent_, to_client_.size() - sent_,
                           MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0) {
      broken_ = broken_ || !WouldBlock();
      return false;
    }
    sent_ += static_cast<size_t>(n);
  }
  to_client_.clear();
  sent_ = 0;
  return true;
}

bool ForwardedConnection::MoveToClient() {
  if (broken_ || !SendPending() || server_ended_) return false;
  to_client_.resize(kPieceBytes);
  const int n = ssh_channel_read_nonblocking(channel_, to_client_.data(), kPieceBytes, 0);
  to_client_.resize(n > 0 ? static_cast<size_t>(n) : 0);
  if (n == SSH_ERROR) {
    broken_ = true;
    return false;
  }
  if (n == SSH_EOF || (n <= 0 && ssh_channel_is_eof(channel_) != 0)) {
    server_ended_ = true;
    shutdown(client_.fd(), SHUT_WR);
    return false;
  }
  if (n <= 0) return false;
  SendPending();
  return true;
}

bool ForwardedConnection::MoveToServer() {
  if (broken_ || client_ended_) return false;
  // Nothing is taken from the client while the session's own socket is full: it would pile up.
  if ((ssh_get_poll_flags(session_.handle()) & SSH_WRITE_PENDING) != 0) return false;
  const size_t window = ssh_channel_window_size(channel_);
  if (window == 0) return false;
  if (to_server_.empty()) {
    to_server_.resize(std::min(window, kPieceBytes));
    const ssize_t n = recv(client_.fd(), to_server_.data(), to_server_.size(), MSG_DONTWAIT);
    to_server_.resize(n > 0 ? static_cast<size_t>(n) : 0);
    if (n < 0 && !WouldBlock()) broken_ = true;
    if (n == 0) {
      client_ended_ = true;
      ssh_channel_send_eof(channel_);
    }
    if (n <= 0) return false;
  }
  const int n = ssh_channel_write(channel_, to_server_.data(),
                                  static_cast<uint32_t>(std::min(window, to_server_.size())));
  if (n == SSH_ERROR) broken_ = true;
  if (n > 0) to_server_.erase(0, static_cast<size_t>(n));
  return n > 0;
}

}  // namespace millrace
