#include <algorithm>

#include "base/lower_case.h"
#include "declarative/requests/api_transport.h"

namespace millrace {

std::string_view ApiRequest::Header(std::string_view name) const {
  const std::string wanted = LowerCaseOf(name);
  for (const auto& [key, value] : headers) {
    if (LowerCaseOf(key) == wanted) return value;
  }
  return {};
}

void ApiRequest::SetHeader(std::string_view name, std::string value) {
  const std::string wanted = LowerCaseOf(name);
  for (auto& [key, old] : headers) {
    if (LowerCaseOf(key) != wanted) continue;
    key = name;
    old = std::move(value);
    return;
  }
  headers.emplace_back(name, std::move(value));
}

void ApiRequest::EraseHeader(std::string_view name) {
  const std::string wanted = LowerCaseOf(name);
  std::erase_if(headers, [&](const auto& header) { return LowerCaseOf(header.first) == wanted; });
}

}  // namespace millrace
