#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "clients/http/backoff.h"

namespace millrace {

/// What holds for every request of a client. A plain value.
struct HttpOptions {
  std::string user_agent = "millrace";
  /// A PEM file of the certificates to trust; empty: the file that SSL_CERT_FILE names, else the
  /// system's. Certificates are always verified.
  std::string ca_bundle;
  /// Whether the environment's proxies are asked at all.
  bool use_proxies = true;
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
