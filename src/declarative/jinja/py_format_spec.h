#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace millrace {

/// What stands behind the colon: [[fill]align][sign][z][#][0][width][grouping][.precision][type].
struct PyFormatSpec {
  std::string fill = " ";
  char align = '\0';  ///< one of "<>=^"; NUL: the kind's own
  char sign = '\0';
  bool no_negative_zero = false, alternate = false;
  int64_t width = 0, precision = -1;
  char grouping = '\0';
  char type = '\0';

  /// A ValueError ("Invalid format specifier") when it's none.
  static Result<PyFormatSpec> Parse(std::string_view text);

  /// `body` padded to the width: `head` (sign and prefix) stays in front with '='.
  std::string Padded(std::string_view head, std::string_view body, char default_align) const;
};

}  // namespace millrace
