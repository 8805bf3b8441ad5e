#include "control/identity/password_hash.h"

#include <sodium.h>

#include <mutex>

#include "base/check.h"

namespace millrace {
namespace {

constexpr unsigned long long kPasses = 2;
constexpr size_t kMemoryBytes = 19 << 20;
constexpr int kBase64 = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

std::mutex hashing;

void EnsureReady() {
  static const bool ready = sodium_init() >= 0;
  MR_CHECK(ready, "the machine has no source of random numbers");
}

std::string Encoded(const unsigned char* bytes, size_t size) {
  std::string text(sodium_base64_encoded_len(size, kBase64), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes, size, kBase64);
  text.pop_back();  // the zero at its end
  return text;
}

}  // namespace

Result<std::string> HashPassword(std::string_view password) {
  EnsureReady();
  const std::lock_guard lock(hashing);
  char hash[crypto_pwhash_STRBYTES];
  if (crypto_pwhash_str_alg(hash, password.data(), password.size(), kPasses, kMemoryBytes,
                            crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return SystemError("there is no memory to hash a password with");
  }
  return std::string(hash);
}

bool PasswordMatches(const std::string& hash, std::string_view password) {
  EnsureReady();
  const std::lock_guard lock(hashing);
  return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

std::string RandomSecret() {
  EnsureReady();
  unsigned char bytes[32];
  randombytes_buf(bytes, sizeof bytes);
  return Encoded(bytes, sizeof bytes);
}

std::string HashOfSecret(std::string_view secret) {
  unsigned char bytes[32];
  crypto_generichash(bytes, sizeof bytes, reinterpret_cast<const unsigned char*>(secret.data()),
                     secret.size(), nullptr, 0);
  return Encoded(bytes, sizeof bytes);
}

bool SameText(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace millrace
