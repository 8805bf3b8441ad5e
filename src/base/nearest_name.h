#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace millrace {

/// The candidate that is spelled most like `name` (edit distance, letter case aside), for messages
/// that say "did you mean". Empty when none is close: more than a third of the letters differ.
std::optional<std::string> NearestName(std::string_view name,
                                       std::span<const std::string> candidates);

}  // namespace millrace
