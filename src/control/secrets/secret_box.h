#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace millrace {

/// Seals texts with the instance's key (XSalsa20 and Poly1305, libsodium's secretbox), so that a
/// copy of the metadata database alone gives no secret away. A sealed text names its key, so that
/// texts of two keys may stand side by side while the key is changed (see RotateKey). Immutable;
/// thread-safe.
class SecretBox {
 public:
  static constexpr size_t kKeyBytes = 32;
  using Key = std::array<unsigned char, kKeyBytes>;

  /// The key of MILLRACE_SECRET_KEY (64 hexadecimal digits or base64), of the file that
  /// MILLRACE_SECRET_KEY_FILE names, or of `key_file`, which is made, mode 0600, when it isn't
  /// there. A key that lies in NextKeyFile(key_file), because changing the key was interrupted,
  /// opens texts too. Config errors say which one is wrong.
  /// Without `may_make` a key that isn't there is one of them.
  static Result<SecretBox> Load(const std::filesystem::path& key_file, bool may_make = true);
  /// The key that follows: of MILLRACE_NEW_SECRET_KEY, of the file that
  /// MILLRACE_NEW_SECRET_KEY_FILE names, or of NextKeyFile(key_file), made when it isn't there.
  static Result<SecretBox> LoadNext(const std::filesystem::path& key_file);
  static std::filesystem::path NextKeyFile(const std::filesystem::path& key_file);
  /// Whether the environment gives the key, so that no file has it.
  static bool KeyIsInEnvironment();

  /// Overwrites the keys.
  ~SecretBox();
  SecretBox(const SecretBox&) = default;
  SecretBox& operator=(const SecretBox&) = default;

  /// "sealed:KEY:" and base64 of a fresh nonce and the sealed text.
  std::string Seal(std::string_view text) const;
  /// A system error when it was not sealed with one of its keys, or was changed.
  Result<std::string> Open(const std::string& sealed) const;

  /// A key of 32 bytes for another purpose, always the same one for the same key and purpose; from
  /// it, neither the instance's key nor another purpose's can be told.
  std::string KeyFor(std::string_view purpose) const;

  static bool IsSealed(std::string_view text);
  /// Whether it was sealed with the key that Seal uses.
  bool IsCurrent(std::string_view sealed) const;

 private:
  explicit SecretBox(const Key& key) : keys_{key} {}

  std::vector<Key> keys_;  ///< the first one seals
};

}  // namespace millrace
