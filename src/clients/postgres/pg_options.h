#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace millrace {

class SshTunnel;

/// How a connection is encrypted; libpq's names are the configuration's names.
enum class SslMode { kDisable, kAllow, kPrefer, kRequire, kVerifyCa, kVerifyFull };

/// "disable", "allow", "prefer", "require", "verify-ca", "verify-full"; a config error names
/// others.
Result<SslMode> SslModeFromString(std::string_view text);
std::string_view ToString(SslMode mode);

/// Everything that one connection to PostgreSQL (or what speaks its protocol) needs. A plain value.
struct PgOptions {
  std::string host;
  int port = 5432;
  std::string database;
  std::string user;
  std::string password;

  SslMode ssl_mode = SslMode::kPrefer;
  // PEM texts, not paths; empty: none.
  std::string ca_certificate;
  std::string client_certificate;
  std::string client_key;
  std::string client_key_password;

  /// libpq's own keywords, applied last (from jdbc_url_params).
  std::vector<std::pair<std::string, std::string>> extra;
  std::chrono::seconds connect_timeout{30};
  std::string application_name = "millrace";

  /// The way to host and port when nothing else leads there; shared by all connections. The
  /// server's certificate is still checked against `host`.
  std::shared_ptr<SshTunnel> tunnel;

  /// "host:5432/database": for messages. Holds no secret.
  std::string Where() const;
};

}  // namespace millrace
