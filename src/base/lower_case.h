#pragma once

#include <cctype>
#include <string>
#include <string_view>

namespace millrace {

/// For names that are compared whatever their letters' case: headers, hosts, suffixes. ASCII only.
inline std::string LowerCaseOf(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

}  // namespace millrace
