#include "base/failure_origin.h"

#include <algorithm>
#include <iterator>

namespace millrace {
namespace {

/// In the enumeration's order.
constexpr std::string_view kNames[] = {"unknown", "source", "destination", "replication",
                                       "airbyte_platform"};

}  // namespace

std::string_view ToString(FailureOrigin origin) { return kNames[static_cast<int>(origin)]; }

FailureOrigin FailureOriginOf(std::string_view text) {
  const auto found = std::find(std::begin(kNames), std::end(kNames), text);
  if (found == std::end(kNames)) return FailureOrigin::kUnknown;
  return static_cast<FailureOrigin>(found - std::begin(kNames));
}

}  // namespace millrace
