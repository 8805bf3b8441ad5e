#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/http/http_message.h"

namespace millrace {

/// An HTTP/1.1 server: listens, parses, and hands whole requests to one handler on threads of its
/// own; keep-alive, TLS. Slow and idle peers cost memory only. Owned by `millrace server`.
class HttpServer {
 public:
  /// Called from several threads at once; may block. It must not throw; what it throws is logged
  /// and answered with 500.
  using Handler = std::function<HttpResponse(const HttpRequest&)>;

  /// The same, of a request whose body has only begun: whether more of it is taken (nothing), or
  /// what to answer at once.
  using LargeBodyGate = std::function<std::optional<HttpResponse>(HttpRequest)>;

  struct Options {
    /// "127.0.0.1:8000", "[::1]:8000"; port 0 takes a free one.
    std::vector<std::string> listen;
    std::string tls_certificate_file;  ///< both or neither
    std::string tls_key_file;
    int handler_threads = 8;
    size_t requests_waiting_max = 1024;  ///< beyond: 503
    /// Beyond: the one is closed that has sent nothing whole for longest, or the new one.
    size_t connections_max = 4096;
    size_t body_bytes_max = 10 << 20;  ///< beyond: 413
    /// Of all requests together, and of those that come from one other machine; beyond: 503.
    size_t bodies_bytes_max = 128 << 20;
    size_t peer_bodies_bytes_max = 64 << 20;
    /// Asked when a body grows beyond the size; may be empty.
    size_t small_body_bytes = 64 << 10;
    LargeBodyGate large_body_gate = nullptr;
    uint32_t header_bytes_max = 64 << 10;
    /// For a request to come whole, for a reply to be taken, and between requests.
    std::chrono::seconds idle_limit{30};
  };

  /// Binds every address or none; requests are served from here on. Config errors name the
  /// address: taken, not this machine's, not allowed; or the certificate.
  static Result<std::unique_ptr<HttpServer>> Start(const Options& options, Handler handler);
  /// Stops.
  virtual ~HttpServer() = default;

  /// Takes no new requests, waits for those being handled at most `limit`, and closes everything.
  virtual void Stop(std::chrono::milliseconds limit) = 0;

  /// The addresses as they were bound, ports filled in.
  virtual std::vector<std::string> addresses() const = 0;
  virtual size_t open_connections() const = 0;
};

}  // namespace millrace
