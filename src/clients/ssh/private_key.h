#pragma once

#include <memory>
#include <string>

#include "base/result.h"

struct ssh_key_struct;

namespace millrace {

struct PrivateKeyDeleter {
  void operator()(ssh_key_struct* key) const;
};
using PrivateKey = std::unique_ptr<ssh_key_struct, PrivateKeyDeleter>;

/// The key in the text of an OpenSSH or PEM file (Ed25519, RSA, ECDSA). Line breaks that a form or
/// an environment variable spoiled (missing, or written as \n) are mended. Config error: no such
/// key, a public one, or one with a passphrase.
Result<PrivateKey> PrivateKeyFromText(const std::string& text);

}  // namespace millrace
