#pragma once

#include <chrono>
#include <string>

namespace millrace {

/// Everything that one SSH connection needs. A plain value; holds secrets.
struct SshOptions {
  std::string host;
  int port = 22;
  std::string user;
  /// Exactly one of the two is set.
  std::string password;
  std::string private_key;  ///< the text of an OpenSSH or PEM file, without a passphrase

  /// For all of it: name, TCP, key exchange, log-in.
  std::chrono::seconds connect_timeout{30};
  /// Where host keys are looked up; empty: the user's own known_hosts and the machine's.
  std::string known_hosts_file;

  /// "user@host:22": for messages. Holds no secret.
  std::string Where() const;
};

}  // namespace millrace
