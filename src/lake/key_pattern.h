#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// The names that a table's files may have: what is the same in all of them, in order. A plain
/// value.
struct KeyPattern {
  std::vector<std::string> fixed_parts;
  /// False: a part number may stand before any dot of the name besides.
  bool tells_parts_apart = true;

  /// True for every name of the table's files (and few others).
  bool Matches(std::string_view key) const;
};

}  // namespace millrace
