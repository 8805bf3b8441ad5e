#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"
#include "clients/postgres/pg_connection.h"

namespace millrace {

/// For tests: a real PostgreSQL server of its own, in a temporary folder, on a free port, with a
/// certificate authority; gone with this object. Runs as the user `postgres` when this is root.
///
/// Roles: `admin` (superuser) and `reader`, password kPassword; `tls_only` may come only encrypted;
/// `cert_only` needs the client certificate. Database: `shop`.
class TemporaryServer {
 public:
  static constexpr const char* kPassword = "secret-of-the-test";

  /// Takes about two seconds. System error when the server's programs are not installed.
  static Result<std::unique_ptr<TemporaryServer>> Start();
  ~TemporaryServer();

  int port() const { return port_; }
  /// For the superuser.
  PgOptions options() const;
  /// The PEM text of "ca", "other_ca", "client" (.crt or .key).
  std::string Pem(const std::string& file) const;

 private:
  explicit TemporaryServer(std::filesystem::path folder) : folder_(std::move(folder)) {}

  Status MakeCertificates();
  Status MakeCluster();
  Status Launch();

  const std::filesystem::path folder_;
  std::filesystem::path programs_;
  int port_ = 0;
  pid_t process_ = -1;
};

}  // namespace millrace
