#include "clients/ssh/port_forwarder.h"

#include <libssh/libssh.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "base/file_io.h"
#include "base/log.h"

namespace millrace {
namespace {

constexpr int kWaitMs = 1000;
constexpr std::chrono::seconds kKeepAliveInterval{30};
/// More at once wait in the listener's queue.
constexpr size_t kConnectionsMax = 256;
/// So many turns without looking at sockets, so that no connection starves another.
constexpr int kTurnsMax = 16;

}  // namespace

PortForwarder::PortForwarder(std::string where, ForwardTarget target,
                             std::unique_ptr<SshSession> session)
    : where_(std::move(where)), target_(std::move(target)), session_(std::move(session)) {}

Result<std::unique_ptr<PortForwarder>> PortForwarder::Start(const SshOptions& options,
                                                            const std::string& target_host,
                                                            int target_port, std::stop_token stop) {
  MR_ASSIGN_OR_RETURN(auto session, SshSession::Connect(options, stop));
  session->SetBlocking(false);
  std::unique_ptr<PortForwarder> forwarder(
      new PortForwarder(options.Where(), {target_host, target_port}, std::move(session)));
  MR_RETURN_IF_ERROR(forwarder->ProveTarget(std::move(stop)));
  MR_ASSIGN_OR_RETURN(forwarder->listener_, ListenOnLoopback(&forwarder->port_));
  forwarder->wake_ = TcpSocket(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!forwarder->wake_.is_open()) return ErrnoError(errno, "making an event descriptor");
  forwarder->keep_alive_ = Deadline::After(kKeepAliveInterval);
  forwarder->thread_ =
      std::jthread([f = forwarder.get()](const std::stop_token& ending) { f->Run(ending); });
  return forwarder;
}

PortForwarder::~PortForwarder() {
  thread_.request_stop();
  if (wake_.is_open()) eventfd_write(wake_.fd(), 1);
  if (thread_.joinable()) thread_.join();
  connections_.clear();  // their channels before the session
}

Status PortForwarder::ProveTarget(std::stop_token stop) {
  ForwardedConnection probe(*session_, TcpSocket());
  Status why;
  while (true) {
    switch (probe.Open(target_, &why)) {
      case ForwardedConnection::Opening::kOpen:
        return Status::Ok();
      case ForwardedConnection::Opening::kFailed:
        return why.WithContext("opening the tunnel by " + where_);
      case ForwardedConnection::Opening::kPending:
        if (stop.stop_requested()) return Status::Canceled();
        session_->PollBriefly();
    }
  }
}

void PortForwarder::Run(const std::stop_token& stop) {
  std::vector<pollfd> waiting;
  while (!stop.stop_requested()) {
    WaitForEvents(waiting);
    Accept();
    for (int turn = 0; turn < kTurnsMax && MoveBytes(); ++turn) {
    }
    KeepAlive();
    if (!session_->connected()) {
      alive_ = false;  // first: who sees the failure asks for another
      Note(session_->Failure("the SSH connection to " + where_ + " was lost"));
      break;
    }
  }
  alive_ = false;
  connections_.clear();
  listener_.Close();
}

void PortForwarder::WaitForEvents(std::vector<pollfd>& waiting) {
  waiting.clear();
  const auto add = [&](int fd, int events) {
    if (events != 0) waiting.push_back({fd, static_cast<short>(events), 0});
  };
  const bool full = (ssh_get_poll_flags(session_->handle()) & SSH_WRITE_PENDING) != 0;
  add(ssh_get_fd(session_->handle()), POLLIN | (full ? POLLOUT : 0));
  add(wake_.fd(), POLLIN);
  add(listener_.fd(), connections_.size() < kConnectionsMax ? POLLIN : 0);
  for (const ForwardedConnection& connection : connections_) {
    add(connection.client_fd(), (connection.wants_client_input() && !full ? POLLIN : 0) |
                                    (connection.wants_client_room() ? POLLOUT : 0));
  }
  poll(waiting.data(), waiting.size(), kWaitMs);
}

void PortForwarder::Accept() {
  while (connections_.size() < kConnectionsMax) {
    TcpSocket client(accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!client.is_open()) return;
    connections_.emplace_back(*session_, std::move(client));
  }
}

bool PortForwarder::MoveBytes() {
  bool moved = session_->HandlePackets();
  for (ForwardedConnection& connection : connections_) {
    if (connection.is_open()) {
      moved = connection.Move() || moved;
      continue;
    }
    Status why;
    const auto opening = connection.Open(target_, &why);
    if (opening == ForwardedConnection::Opening::kPending) continue;
    moved = true;
    if (session_->connected()) Note(why);  // else the loss of the session is the reason
  }
  connections_.remove_if([](const ForwardedConnection& connection) { return connection.over(); });
  return moved;
}

void PortForwarder::KeepAlive() {
  if (!keep_alive_.Passed()) return;
  // What goes unanswered long enough is a lost connection to TCP.
  ssh_send_ignore(session_->handle(), "");
  keep_alive_ = Deadline::After(kKeepAliveInterval);
}

void PortForwarder::Note(const Status& status) {
  if (status.failed()) Log(LogLevel::kWarn, "the SSH tunnel: {}", status.error().message);
  const std::lock_guard lock(mutex_);
  failure_ = status;
}

Status PortForwarder::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

}  // namespace millrace
