#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace millrace {

/// How attempts talk to their server or worker over HTTPS. A plain value.
struct AttemptHttps {
  std::string listen;  ///< "IP:PORT"; empty: they talk over a socket of the data folder
  std::string url;     ///< how they reach it; empty: https:// and `listen`
  std::filesystem::path tls_certificate_file, tls_key_file;
  /// PEM certificates that they trust for it; empty: tls_certificate_file itself.
  std::filesystem::path ca_bundle;

  bool enabled() const { return !listen.empty(); }
};

/// With what was left out filled in. Config errors say which flag is missing or wrong.
Result<AttemptHttps> CompleteAttemptHttps(AttemptHttps https);

}  // namespace millrace
