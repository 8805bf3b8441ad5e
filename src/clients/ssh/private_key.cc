#include "clients/ssh/private_key.h"

#include <libssh/libssh.h>

#include <algorithm>
#include <string_view>

namespace millrace {
namespace {

constexpr std::string_view kDashes = "-----";

void Replace(std::string& text, std::string_view what, std::string_view with) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
}

/// -----BEGIN X-----, the body's lines, -----END X-----; the text itself when it is not that.
std::string WithLineBreaks(std::string text) {
  Replace(text, "\\n", "\n");
  Replace(text, "\r", "");
  const size_t first = text.find("-----BEGIN ");
  const size_t header_end = first == std::string::npos ? first : text.find(kDashes, first + 11);
  const size_t footer = text.find("-----END ");
  if (header_end == std::string::npos || footer == std::string::npos || footer < header_end) {
    return text;
  }
  const size_t body = header_end + kDashes.size();
  std::string inside = text.substr(body, footer - body);
  inside.erase(0, inside.find_first_not_of(" \n"));
  inside.erase(inside.find_last_not_of(" \n") + 1);
  // An old encrypted key has headers ("Proc-Type: …"), which are lines of their own.
  const bool one_line = std::count(inside.begin(), inside.end(), '\n') <= 2;
  if (one_line) std::replace(inside.begin(), inside.end(), ' ', '\n');
  return text.substr(first, body - first) + "\n" + inside + "\n" + text.substr(footer) + "\n";
}

bool HasPassphrase(const std::string& text) {
  // An OpenSSH file begins with its magic and then the cipher's name: "none" without a passphrase.
  constexpr std::string_view kOpenSsh = "b3BlbnNzaC1rZXktdjEAAAAA";
  const size_t magic = text.find(kOpenSsh);
  if (magic != std::string::npos) {
    return text.compare(magic + kOpenSsh.size(), 7, "BG5vbmU") != 0;
  }
  return text.find("ENCRYPTED") != std::string::npos;
}

/// libssh would ask at the terminal.
int RefuseToAsk(const char*, char*, size_t, int, int, void*) { return -1; }

}  // namespace

void PrivateKeyDeleter::operator()(ssh_key_struct* key) const { ssh_key_free(key); }

Result<PrivateKey> PrivateKeyFromText(const std::string& text) {
  const std::string mended = WithLineBreaks(text);
  if (HasPassphrase(mended)) {
    return ConfigError("ssh_key has a passphrase: give a key without one");
  }
  ssh_key key = nullptr;
  if (ssh_pki_import_privkey_base64(mended.c_str(), nullptr, RefuseToAsk, nullptr, &key) !=
      SSH_OK) {
    return ConfigError(
        "ssh_key is not a private key: give the whole text of an OpenSSH or PEM file, "
        "from \"-----BEGIN\" on");
  }
  return PrivateKey(key);
}

}  // namespace millrace
