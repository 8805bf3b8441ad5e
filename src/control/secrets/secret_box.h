#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace millrace {

/// Seals texts with the instance's key (XSalsa20 and Poly1305, libsodium's secretbox), so that a
/// copy of the metadata database alone gives no secret away. Immutable; thread-safe.
class SecretBox {
 public:
  static constexpr size_t kKeyBytes = 32;

  /// The key of MILLRACE_SECRET_KEY (64 hexadecimal digits or base64), of the file that
  /// MILLRACE_SECRET_KEY_FILE names, or of `key_file`, which is made, mode 0600, when it isn't
  /// there. Config errors say which one is wrong.
  static Result<SecretBox> Load(const std::filesystem::path& key_file);

  /// Overwrites the key.
  ~SecretBox();
  SecretBox(const SecretBox&) = default;
  SecretBox& operator=(const SecretBox&) = default;

  /// Base64 of a fresh nonce and the sealed text.
  std::string Seal(std::string_view text) const;
  /// A system error when it was not sealed with this key, or was changed.
  Result<std::string> Open(const std::string& sealed) const;

  /// A key of 32 bytes for another purpose, always the same one for the same instance and purpose;
  /// from it, neither the instance's key nor another purpose's can be told.
  std::string KeyFor(std::string_view purpose) const;

 private:
  explicit SecretBox(const std::array<unsigned char, kKeyBytes>& key) : key_(key) {}

  std::array<unsigned char, kKeyBytes> key_;
};

}  // namespace millrace
