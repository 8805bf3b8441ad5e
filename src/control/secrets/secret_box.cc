#include "control/secrets/secret_box.h"

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <optional>

#include "base/file_io.h"
#include "base/secrets.h"

namespace millrace {
namespace {

constexpr std::string_view kSealed = "sealed:";
constexpr size_t kKeyNameBytes = 4;
constexpr int kBase64 = sodium_base64_VARIANT_ORIGINAL;

using Key = SecretBox::Key;

/// Where a key may be given.
struct KeyVariables {
  const char* key;
  const char* file;
};
constexpr KeyVariables kCurrent = {"MILLRACE_SECRET_KEY", "MILLRACE_SECRET_KEY_FILE"};
constexpr KeyVariables kNext = {"MILLRACE_NEW_SECRET_KEY", "MILLRACE_NEW_SECRET_KEY_FILE"};

Status Ready() {
  // May be called again and again, from any thread.
  if (sodium_init() >= 0) return Status::Ok();
  return SystemError("the machine has no source of random numbers");
}

Result<Key> KeyOf(std::string text, std::string_view where) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.pop_back();
  Secrets::Register(text);
  Key key;
  size_t size = 0;
  const bool hexadecimal = sodium_hex2bin(key.data(), key.size(), text.c_str(), text.size(),
                                          nullptr, &size, nullptr) == 0 &&
                           size == key.size();
  if (hexadecimal) return key;
  const bool base64 = sodium_base642bin(key.data(), key.size(), text.c_str(), text.size(), nullptr,
                                        &size, nullptr, kBase64) == 0 &&
                      size == key.size();
  if (base64) return key;
  return ConfigError("{} must hold a key of 32 bytes: 64 hexadecimal digits, or base64", where);
}

Result<Key> KeyInFile(const std::string& path) {
  constexpr int64_t kBytesMax = 1024;
  auto text = ReadFile(path, kBytesMax);
  if (!text.ok()) return ConfigError("reading the secret key: {}", text.status().ToString());
  return KeyOf(*std::move(text), path);
}

/// Two servers that start at once make one file: the second finds the first one's.
Result<Key> MakeKeyFile(const std::filesystem::path& path) {
  Key key;
  randombytes_buf(key.data(), key.size());
  std::string text(key.size() * 2 + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), key.data(), key.size());
  text.back() = '\n';
  const std::string made = path.string() + "." + std::to_string(::getpid());
  const int fd = ::open(made.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const bool written = fd >= 0 &&
                       ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (!written) {
    return ConfigError("can't make the secret key's file {}: {}", path.string(),
                       std::strerror(error));
  }
  const bool first = ::link(made.c_str(), path.c_str()) == 0;
  const int link_error = errno;
  ::unlink(made.c_str());
  if (first) return key;
  if (link_error == EEXIST) return KeyInFile(path.string());
  return ConfigError("can't make the secret key's file {}: {}", path.string(),
                     std::strerror(link_error));
}

/// The key that the environment gives, or that of `path`, which is made when it isn't there.
Result<Key> KeyFrom(const KeyVariables& variables, const std::filesystem::path& path,
                    bool may_make) {
  MR_RETURN_IF_ERROR(Ready());
  if (const char* text = std::getenv(variables.key); text != nullptr) {
    return KeyOf(text, variables.key);
  }
  if (const char* file = std::getenv(variables.file); file != nullptr) return KeyInFile(file);
  std::error_code error;
  if (std::filesystem::exists(path, error)) return KeyInFile(path.string());
  if (may_make) return MakeKeyFile(path);
  return ConfigError(
      "the metadata database was made with another secret key: there is none here. Give its "
      "servers' ({}, {}, or {})",
      variables.key, variables.file, path.string());
}

/// A name that tells nothing of the key: eight digits of its hash.
std::string NameOf(const Key& key) {
  std::array<unsigned char, crypto_generichash_BYTES> hash;
  constexpr std::string_view kWhat = "millrace secret key";
  crypto_generichash(hash.data(), hash.size(), key.data(), key.size(),
                     reinterpret_cast<const unsigned char*>(kWhat.data()), kWhat.size());
  std::string name(kKeyNameBytes * 2 + 1, '\0');
  sodium_bin2hex(name.data(), name.size(), hash.data(), kKeyNameBytes);
  name.pop_back();
  return name;
}

std::optional<std::string> OpenWith(const Key& key, std::string_view encoded) {
  std::string bytes(encoded.size(), '\0');
  auto* const nonce = reinterpret_cast<unsigned char*>(bytes.data());
  size_t size = 0;
  const bool decoded = sodium_base642bin(nonce, bytes.size(), encoded.data(), encoded.size(),
                                         nullptr, &size, nullptr, kBase64) == 0;
  constexpr size_t kOverhead = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
  if (!decoded || size < kOverhead) return std::nullopt;
  std::string text(size - kOverhead, '\0');
  const bool opened =
      crypto_secretbox_open_easy(reinterpret_cast<unsigned char*>(text.data()),
                                 nonce + crypto_secretbox_NONCEBYTES,
                                 size - crypto_secretbox_NONCEBYTES, nonce, key.data()) == 0;
  return opened ? std::optional(std::move(text)) : std::nullopt;
}

}  // namespace

std::filesystem::path SecretBox::NextKeyFile(const std::filesystem::path& key_file) {
  return key_file.string() + ".next";
}

bool SecretBox::KeyIsInEnvironment() {
  return std::getenv(kCurrent.key) != nullptr || std::getenv(kCurrent.file) != nullptr;
}

Result<SecretBox> SecretBox::Load(const std::filesystem::path& key_file, bool may_make) {
  MR_ASSIGN_OR_RETURN(const Key key, KeyFrom(kCurrent, key_file, may_make));
  SecretBox box(key);
  const std::filesystem::path next = NextKeyFile(key_file);
  if (!std::filesystem::exists(next)) return box;
  MR_ASSIGN_OR_RETURN(const Key next_key, KeyInFile(next.string()));
  box.keys_.push_back(next_key);
  return box;
}

Result<SecretBox> SecretBox::LoadNext(const std::filesystem::path& key_file) {
  MR_ASSIGN_OR_RETURN(const Key key, KeyFrom(kNext, NextKeyFile(key_file), /*may_make=*/true));
  return SecretBox(key);
}

SecretBox::~SecretBox() {
  for (Key& key : keys_) sodium_memzero(key.data(), key.size());
}

std::string SecretBox::Seal(std::string_view text) const {
  const Key& key = keys_.front();
  std::string bytes(crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + text.size(), '\0');
  auto* const nonce = reinterpret_cast<unsigned char*>(bytes.data());
  randombytes_buf(nonce, crypto_secretbox_NONCEBYTES);
  crypto_secretbox_easy(nonce + crypto_secretbox_NONCEBYTES,
                        reinterpret_cast<const unsigned char*>(text.data()), text.size(), nonce,
                        key.data());
  std::string sealed(sodium_base64_encoded_len(bytes.size(), kBase64), '\0');
  sodium_bin2base64(sealed.data(), sealed.size(), nonce, bytes.size(), kBase64);
  sealed.pop_back();  // the zero at its end
  return fmt::format("{}{}:{}", kSealed, NameOf(key), sealed);
}

Result<std::string> SecretBox::Open(const std::string& sealed) const {
  std::string_view encoded = sealed;
  std::string_view name;
  if (IsSealed(sealed)) {
    encoded.remove_prefix(kSealed.size());
    name = encoded.substr(0, encoded.find(':'));
    encoded.remove_prefix(std::min(name.size() + 1, encoded.size()));
  }
  for (const Key& key : keys_) {
    // Texts of the first versions name no key.
    if (!name.empty() && name != NameOf(key)) continue;
    if (auto text = OpenWith(key, encoded)) return *std::move(text);
  }
  return SystemError("a stored configuration can't be opened with this instance's secret key");
}

std::string SecretBox::KeyFor(std::string_view purpose) const {
  std::string derived(kKeyBytes, '\0');
  crypto_generichash(reinterpret_cast<unsigned char*>(derived.data()), derived.size(),
                     reinterpret_cast<const unsigned char*>(purpose.data()), purpose.size(),
                     keys_.front().data(), keys_.front().size());
  return derived;
}

bool SecretBox::IsSealed(std::string_view text) { return text.starts_with(kSealed); }

bool SecretBox::IsCurrent(std::string_view sealed) const {
  return sealed.starts_with(fmt::format("{}{}:", kSealed, NameOf(keys_.front())));
}

}  // namespace millrace
