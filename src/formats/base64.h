#pragma once

#include <string>
#include <string_view>

namespace millrace {

/// The bytes that standard base64 text (RFC 4648, '=' at the end or not) stands for. False when it
/// is none.
bool DecodeBase64(std::string_view text, std::string* bytes);

}  // namespace millrace
