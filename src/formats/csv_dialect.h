#pragma once

#include <optional>

namespace millrace {

/// How a CSV file marks its fields and rows. A row ends with \n, \r\n or a lone \r.
struct CsvDialect {
  char delimiter = ',';
  std::optional<char> quote = '"';
  /// Inside quotes, two quote characters are one of them.
  bool doublequote = true;
  std::optional<char> escape;
  /// The rest of a line from this character on is no data.
  std::optional<char> comment;
  bool skip_blank_lines = true;
};

}  // namespace millrace
