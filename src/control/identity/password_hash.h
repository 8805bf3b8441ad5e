#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace millrace {

/// Passwords are hashed with argon2id: 19 MiB and two passes each (OWASP's least), about 20 ms. One
/// at a time in the process, so that a crowd at the door costs one core and little memory. From any
/// thread; both block for that long and for those before them.

/// A text with parameters, salt and hash. A system error when there is no memory for it.
Result<std::string> HashPassword(std::string_view password);
bool PasswordMatches(const std::string& hash, std::string_view password);

/// A random text of 43 characters (256 bits): a client secret, a session.
std::string RandomSecret();
/// The hash of such a text (BLAKE2b): it needs no slow one.
std::string HashOfSecret(std::string_view secret);
/// Compares in a time that doesn't tell where they differ.
bool SameText(std::string_view a, std::string_view b);

}  // namespace millrace
