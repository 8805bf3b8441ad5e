#pragma once

#include <memory>
#include <mutex>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "clients/ssh/ssh_options.h"

namespace millrace {

class PortForwarder;

/// A way to one TCP service that only an SSH server can reach: a port of the loopback interface,
/// for any number of connections at once over one SSH session. Opened when it is first needed, and
/// again after its session was lost. Thread-safe; connections through it end with it.
class SshTunnel {
 public:
  SshTunnel(SshOptions options, std::string target_host, int target_port);
  ~SshTunnel();

  /// The port of 127.0.0.1 that leads to the target. Blocks while the session is made; proves that
  /// the target can be reached (config error when the server doesn't forward, transient when the
  /// target does not answer). See SshSession::Connect for the other errors.
  Result<int> Port(std::stop_token stop);

  /// Why connections through the tunnel fail of late; ok when the tunnel is not the reason.
  Status failure() const;

 private:
  const SshOptions options_;
  const std::string target_host_;
  const int target_port_;

  mutable std::mutex mutex_;
  std::unique_ptr<PortForwarder> forwarder_;  // guarded by mutex_
};

}  // namespace millrace
