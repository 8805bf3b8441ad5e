#pragma once

#include <string>
#include <string_view>

namespace millrace {

/// urllib.parse.quote: percent-encodes all but letters, digits, "_.-~" and `safe`.
std::string PyQuote(std::string_view text, std::string_view safe = "/");
/// quote_plus: the same, and spaces become "+".
std::string PyQuotePlus(std::string_view text, std::string_view safe = "");

}  // namespace millrace
