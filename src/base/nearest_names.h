#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// The candidates that someone who wrote `name` may have meant, best first: at most `count` of
/// them, none that is too far away. Upper and lower case count as the same.
std::vector<std::string> NearestNames(std::string_view name,
                                      const std::vector<std::string>& candidates, size_t count = 3);

/// For the end of an error message: "; did you mean a, b or c?", or nothing when nothing is near.
std::string DidYouMean(std::string_view name, const std::vector<std::string>& candidates,
                       size_t count = 3);

}  // namespace millrace
