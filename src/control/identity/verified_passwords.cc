#include "control/identity/verified_passwords.h"

#include <algorithm>
#include <chrono>

#include "control/identity/password_hash.h"

namespace millrace {
namespace {

constexpr size_t kEntriesMax = 256;
constexpr auto kLife = std::chrono::minutes(5);

}  // namespace

VerifiedPasswords::VerifiedPasswords(const Clock& clock)
    : process_key_(RandomSecret()), clock_(clock) {}

std::string VerifiedPasswords::KeyOf(const std::string& stored_hash,
                                     std::string_view password) const {
  std::string text = process_key_ + stored_hash + '\0';
  text.append(password);
  return HashOfSecret(text);
}

bool VerifiedPasswords::Contains(const std::string& stored_hash, std::string_view password) {
  const std::string key = KeyOf(stored_hash, password);
  const std::lock_guard lock(mutex_);
  const auto found = until_.find(key);
  return found != until_.end() && found->second > clock_.Now();
}

void VerifiedPasswords::Add(const std::string& stored_hash, std::string_view password) {
  const std::string key = KeyOf(stored_hash, password);
  const std::lock_guard lock(mutex_);
  until_[key] = clock_.Now() + kLife;
  if (until_.size() <= kEntriesMax) return;
  until_.erase(
      std::ranges::min_element(until_, {}, [](const auto& entry) { return entry.second; }));
}

}  // namespace millrace
