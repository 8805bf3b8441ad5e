#include "base/secrets.h"

#include <algorithm>
#include <mutex>
#include <vector>

namespace millrace {
namespace {

constexpr std::string_view kMask = "**********";
constexpr size_t kShortest = 3;

std::mutex secrets_mutex;

// Longest first, so that a secret which contains another is struck as a whole.
std::vector<std::string>& RegisteredSecrets() {
  static std::vector<std::string> secrets;
  return secrets;
}

}  // namespace

void Secrets::Register(std::string_view secret) {
  if (secret.size() < kShortest) return;
  std::lock_guard lock(secrets_mutex);
  auto& secrets = RegisteredSecrets();
  if (std::find(secrets.begin(), secrets.end(), secret) != secrets.end()) return;
  secrets.emplace_back(secret);
  std::sort(secrets.begin(), secrets.end(),
            [](const auto& a, const auto& b) { return a.size() > b.size(); });
}

std::string Secrets::Redact(std::string_view text) {
  std::string safe(text);
  std::lock_guard lock(secrets_mutex);
  for (const std::string& secret : RegisteredSecrets()) {
    for (size_t at = 0; (at = safe.find(secret, at)) != std::string::npos; at += kMask.size()) {
      safe.replace(at, secret.size(), kMask);
    }
  }
  return safe;
}

}  // namespace millrace
