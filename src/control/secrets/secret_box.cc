#include "control/secrets/secret_box.h"

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "base/file_io.h"
#include "base/secrets.h"

namespace millrace {
namespace {

constexpr const char* kKeyVariable = "MILLRACE_SECRET_KEY";
constexpr const char* kFileVariable = "MILLRACE_SECRET_KEY_FILE";
constexpr int kBase64 = sodium_base64_VARIANT_ORIGINAL;

using Key = std::array<unsigned char, SecretBox::kKeyBytes>;

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

}  // namespace

Result<SecretBox> SecretBox::Load(const std::filesystem::path& key_file) {
  MR_RETURN_IF_ERROR(Ready());
  if (const char* text = std::getenv(kKeyVariable); text != nullptr) {
    MR_ASSIGN_OR_RETURN(const Key key, KeyOf(text, kKeyVariable));
    return SecretBox(key);
  }
  if (const char* path = std::getenv(kFileVariable); path != nullptr) {
    MR_ASSIGN_OR_RETURN(const Key key, KeyInFile(path));
    return SecretBox(key);
  }
  auto key =
      std::filesystem::exists(key_file) ? KeyInFile(key_file.string()) : MakeKeyFile(key_file);
  if (!key.ok()) return key.status();
  return SecretBox(*key);
}

SecretBox::~SecretBox() { sodium_memzero(key_.data(), key_.size()); }

std::string SecretBox::Seal(std::string_view text) const {
  std::string bytes(crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + text.size(), '\0');
  auto* const nonce = reinterpret_cast<unsigned char*>(bytes.data());
  randombytes_buf(nonce, crypto_secretbox_NONCEBYTES);
  crypto_secretbox_easy(nonce + crypto_secretbox_NONCEBYTES,
                        reinterpret_cast<const unsigned char*>(text.data()), text.size(), nonce,
                        key_.data());
  std::string sealed(sodium_base64_encoded_len(bytes.size(), kBase64), '\0');
  sodium_bin2base64(sealed.data(), sealed.size(), nonce, bytes.size(), kBase64);
  sealed.pop_back();  // the zero at its end
  return sealed;
}

Result<std::string> SecretBox::Open(const std::string& sealed) const {
  constexpr const char* kWrong =
      "a stored configuration can't be opened with this instance's secret key";
  std::string bytes(sealed.size(), '\0');
  auto* const nonce = reinterpret_cast<unsigned char*>(bytes.data());
  size_t size = 0;
  const bool decoded = sodium_base642bin(nonce, bytes.size(), sealed.c_str(), sealed.size(),
                                         nullptr, &size, nullptr, kBase64) == 0;
  constexpr size_t kOverhead = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
  if (!decoded || size < kOverhead) return SystemError("{}", kWrong);
  std::string text(size - kOverhead, '\0');
  const bool opened =
      crypto_secretbox_open_easy(reinterpret_cast<unsigned char*>(text.data()),
                                 nonce + crypto_secretbox_NONCEBYTES,
                                 size - crypto_secretbox_NONCEBYTES, nonce, key_.data()) == 0;
  if (!opened) return SystemError("{}", kWrong);
  return text;
}

std::string SecretBox::KeyFor(std::string_view purpose) const {
  std::string derived(kKeyBytes, '\0');
  crypto_generichash(reinterpret_cast<unsigned char*>(derived.data()), derived.size(),
                     reinterpret_cast<const unsigned char*>(purpose.data()), purpose.size(),
                     key_.data(), key_.size());
  return derived;
}

}  // namespace millrace
