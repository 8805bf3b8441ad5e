#pragma once

#include <string>
#include <string_view>

namespace millrace {

/// Standard base64 with padding, and the form for URLs without it.
std::string EncodeBase64(std::string_view bytes);
std::string EncodeBase64Url(std::string_view bytes);

}  // namespace millrace
