#include "server/attempts/attempt_https.h"

namespace millrace {

Result<AttemptHttps> CompleteAttemptHttps(AttemptHttps https) {
  if (!https.enabled()) {
    if (https.url.empty() && https.ca_bundle.empty()) return https;
    return ConfigError("--attempt-url and --attempt-ca belong to --attempt-listen: give it, too");
  }
  if (https.tls_certificate_file.empty() || https.tls_key_file.empty()) {
    return ConfigError("--attempt-listen serves HTTPS only: give --tls-cert and --tls-key");
  }
  if (https.url.empty()) {
    if (https.listen.starts_with("0.0.0.0:") || https.listen.starts_with("[::]:") ||
        https.listen.ends_with(":0")) {
      return ConfigError("--attempt-listen {}: say how attempts reach it: --attempt-url https://…",
                         https.listen);
    }
    https.url = "https://" + https.listen;
  }
  while (https.url.ends_with('/')) https.url.pop_back();
  if (!https.url.starts_with("https://") || https.url.find('/', 8) != std::string::npos) {
    return ConfigError("--attempt-url {}: it is https://NAME:PORT", https.url);
  }
  if (https.ca_bundle.empty()) https.ca_bundle = https.tls_certificate_file;
  https.ca_bundle = std::filesystem::absolute(https.ca_bundle);
  return https;
}

}  // namespace millrace
