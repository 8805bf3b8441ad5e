#pragma once

#include <cctype>
#include <string>
#include <string_view>

namespace millrace {

/// Names of headers and hosts, which are compared without regard to case. ASCII only.
inline std::string LowerCaseOf(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

}  // namespace millrace
