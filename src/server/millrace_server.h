#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/resources/attempt_limits.h"
#include "server/attempts/attempt_https.h"

namespace millrace {

/// What `millrace server` is started with.
struct ServerOptions {
  std::filesystem::path data_dir;
  /// While all of them are loopback addresses, requests from this machine need no credentials.
  std::vector<std::string> listen = {"127.0.0.1:8000", "127.0.0.1:8001"};
  std::string database_url;              ///< empty: a file in data_dir
  std::vector<std::string> public_urls;  ///< under which proxies pass requests on to loopback
  bool auth_always = false;              ///< credentials are asked for on loopback too
  std::string tls_certificate_file;      ///< both or neither
  std::string tls_key_file;
  std::filesystem::path files_dir;  ///< of connectors' local files; empty: `files` in data_dir
  bool allow_link_local = false;    ///< connectors may reach link-local and metadata addresses
  /// Programs and containers that custom definitions name are run, with the server's rights.
  bool allow_custom_commands = false;
  DefaultResources resources;             ///< of config.yaml; the environment's are added
  std::filesystem::path attempt_program;  ///< empty: AttemptProgram()
  std::string log_storage;                ///< of attempts, see AttemptLogs::OpenAt; empty: data_dir
  AttemptHttps attempt_https;             ///< its certificate is the API's
};

/// The server: metadata database, secrets, API. One a data folder, which it locks. Owned by the
/// server command's main thread.
class MillraceServer {
 public:
  /// Opens everything and serves from here on. Config errors: an address that is taken, a data
  /// folder that another server has, a database that doesn't answer, another secret key than the
  /// stored configurations were sealed with, a certificate that is none.
  static Result<std::unique_ptr<MillraceServer>> Start(const ServerOptions& options);
  virtual ~MillraceServer() = default;

  /// Takes no new requests and ends those that run, within `limit`.
  virtual void Stop(std::chrono::milliseconds limit) = 0;
  /// Where it listens.
  virtual std::vector<std::string> addresses() const = 0;
  /// Everything that it serves: "GET /api/v1/health" …
  virtual std::vector<std::string> Routes() const = 0;
};

}  // namespace millrace
