#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "clients/http/backoff.h"

namespace millrace {

/// What holds for every request of a client. A plain value.
struct HttpOptions {
  std::string user_agent = "millrace";
  /// A PEM file of the certificates to trust, or a folder of them (as `openssl rehash` names them);
  /// empty: the file that SSL_CERT_FILE names, else the system's. Certificates are always verified.
  std::string ca_bundle;
  /// Whether the environment's proxies are asked at all.
  bool use_proxies = true;
  /// Takes HTTP_PROXY for http where http_proxy isn't set. Not for what CGI starts: there a request
  /// can set it.
  bool upper_case_http_proxy = false;
  /// Speaks HTTP/2 with servers that offer it in the TLS handshake.
  bool http2 = false;
  /// "HOST:PORT:OTHER_HOST:OTHER_PORT": connects there instead; for tests.
  std::vector<std::string> connect_to;
  /// DNS, TCP and TLS together.
  std::chrono::milliseconds connect{30'000};
  /// No byte moved in either direction for so long, while we wait.
  std::chrono::milliseconds stall{60'000};
  RetryPolicy retry;
  int redirects_max = 5;
  /// Of a reply that is held in memory as a whole.
  int64_t body_bytes_max = 64 << 20;
  /// Connections kept open for later requests.
  int idle_connections_max = 16;
};

}  // namespace millrace
