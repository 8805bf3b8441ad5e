#include "base/secrets.h"

#include <algorithm>
#include <cctype>
#include <mutex>
#include <utility>
#include <vector>

#include "base/secret_forms.h"

namespace millrace {
namespace {

constexpr size_t kShortest = 3;
constexpr size_t kStruckInsideWords = 12;

std::mutex secrets_mutex;

// Longest first, so that a secret which contains another is struck as a whole.
std::vector<std::string>& RegisteredSecrets() {
  static std::vector<std::string> secrets;
  return secrets;
}

thread_local Secrets::Scope* innermost = nullptr;

void Merge(const std::vector<std::string>& forms, std::vector<std::string>* longest_first) {
  for (const std::string& form : forms) {
    if (form.size() < kShortest) continue;
    if (std::find(longest_first->begin(), longest_first->end(), form) == longest_first->end()) {
      longest_first->push_back(form);
    }
  }
  std::sort(longest_first->begin(), longest_first->end(),
            [](const auto& a, const auto& b) { return a.size() > b.size(); });
}

void Add(std::string_view secret, std::vector<std::string>* longest_first) {
  if (secret.size() >= kShortest) Merge(SecretForms(secret), longest_first);
}

bool IsWordCharacter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// Whether text[at, at + size) has no neighbour that makes it a part of a longer word.
bool StandsAlone(std::string_view text, size_t at, size_t size) {
  const bool joined_before = at > 0 && IsWordCharacter(text[at - 1]) && IsWordCharacter(text[at]);
  const size_t end = at + size;
  const bool joined_after =
      end < text.size() && IsWordCharacter(text[end]) && IsWordCharacter(text[end - 1]);
  return !joined_before && !joined_after;
}

}  // namespace

Secrets::Scope::Scope(const std::vector<std::string>& secrets)
    : outer_(std::exchange(innermost, this)) {
  for (const std::string& secret : secrets) Add(secret, &secrets_);
}

Secrets::Scope::~Scope() { innermost = outer_; }

void Secrets::Register(std::string_view secret) {
  if (innermost != nullptr) return Add(secret, &innermost->secrets_);
  std::lock_guard lock(secrets_mutex);
  Add(secret, &RegisteredSecrets());
}

std::string Secrets::Strike(std::string_view text, const std::vector<std::string>& longest_first) {
  std::string safe(text);
  for (const std::string& secret : longest_first) {
    if (secret.size() < kShortest) continue;
    for (size_t at = 0; (at = safe.find(secret, at)) != std::string::npos;) {
      if (secret.size() >= kStruckInsideWords || StandsAlone(safe, at, secret.size())) {
        safe.replace(at, secret.size(), kSecretMask);
        at += kSecretMask.size();
      } else {
        at += secret.size();
      }
    }
  }
  return safe;
}

std::string Secrets::Redact(std::string_view text) {
  if (innermost != nullptr) return Strike(text, innermost->secrets_);
  return RedactAll(text);
}

std::string Secrets::RedactAll(std::string_view text) {
  std::vector<std::string> of_both;
  if (innermost != nullptr) of_both = innermost->secrets_;
  std::lock_guard lock(secrets_mutex);
  if (innermost == nullptr) return Strike(text, RegisteredSecrets());
  Merge(RegisteredSecrets(), &of_both);
  return Strike(text, of_both);
}

}  // namespace millrace
