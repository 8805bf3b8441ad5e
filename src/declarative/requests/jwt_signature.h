#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace millrace {

/// The signature of a JSON Web Token over `text`: HS, RS, PS (256, 384, 512), ES256, ES256K, ES384,
/// ES512 (as r and s), EdDSA. `key` is a secret, or a private key in PEM form that `passphrase`
/// opens. A config error says what is wrong with the key, without showing it.
Result<std::string> SignJwt(std::string_view algorithm, const std::string& key,
                            const std::string& passphrase, std::string_view text);

}  // namespace millrace
