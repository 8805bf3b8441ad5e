#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "declarative/jinja/py_value.h"
#include "declarative/slices/cursor_time.h"
#include "declarative/slices/fixed_width_datetime.h"

namespace millrace {

/// How a cursor's values are written: read in the first format that fits, written in the last. A
/// plain value.
class CursorFormats {
 public:
  CursorFormats() = default;
  /// `others` are tried before `format`.
  CursorFormats(std::string format, std::vector<std::string> others);

  /// A ValueError when it's in none of the formats; a TypeError when it's no kind of value that a
  /// format is about.
  Result<CursorTime> Parse(const PyValue& value) const;
  Result<std::string> Format(CursorTime time) const;

  const std::string& format() const { return formats_.back(); }

 private:
  std::vector<std::string> formats_;
  std::vector<FixedWidthDatetime> short_ways_;  // of each format
};

/// `value` read in one format.
Result<CursorTime> ParseCursorTime(const PyValue& value, const std::string& format);

}  // namespace millrace
