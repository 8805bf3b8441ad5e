#include "clients/ssh/ssh_tunnel.h"

#include <utility>

#include "clients/ssh/port_forwarder.h"

namespace millrace {

SshTunnel::SshTunnel(SshOptions options, std::string target_host, int target_port)
    : options_(std::move(options)),
      target_host_(std::move(target_host)),
      target_port_(target_port) {}

SshTunnel::~SshTunnel() = default;

Result<int> SshTunnel::Port(std::stop_token stop) {
  const std::lock_guard lock(mutex_);
  if (forwarder_ == nullptr || !forwarder_->alive()) {
    forwarder_.reset();  // joins its thread before there is another
    MR_ASSIGN_OR_RETURN(
        forwarder_, PortForwarder::Start(options_, target_host_, target_port_, std::move(stop)));
  }
  return forwarder_->port();
}

Status SshTunnel::failure() const {
  const std::lock_guard lock(mutex_);
  return forwarder_ == nullptr ? Status::Ok() : forwarder_->failure();
}

}  // namespace millrace
