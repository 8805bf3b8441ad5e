#include "declarative/jinja/py_quote.h"

#include "formats/digit_run.h"

namespace millrace {
namespace {

bool IsUnreserved(char c) {
  return IsDigit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
         std::string_view("_.-~").find(c) != std::string_view::npos;
}

}  // namespace

std::string PyQuote(std::string_view text, std::string_view safe) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string quoted;
  for (const char c : text) {
    if (IsUnreserved(c) || safe.find(c) != safe.npos) {
      quoted.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      quoted += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return quoted;
}

std::string PyQuotePlus(std::string_view text, std::string_view safe) {
  std::string quoted = PyQuote(text, std::string(safe) + " ");
  for (char& c : quoted) {
    if (c == ' ') c = '+';
  }
  return quoted;
}

}  // namespace millrace
