#pragma once

#include <string>
#include <string_view>

namespace millrace {

// The names that Airbyte's Basic Normalisation gives what it adds.
inline constexpr std::string_view kRawTablePrefix = "_airbyte_raw_";
inline constexpr std::string_view kDataColumn = "_airbyte_data";
inline constexpr std::string_view kNormalizedAtColumn = "_airbyte_normalized_at";

/// The column that names a row of a table, and that the rows of its child tables repeat.
inline std::string HashidColumn(std::string_view table) {
  return "_airbyte_" + std::string(table) + "_hashid";
}

}  // namespace millrace
