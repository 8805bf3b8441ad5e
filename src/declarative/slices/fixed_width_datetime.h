#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "declarative/slices/cursor_time.h"

namespace millrace {

/// The short way through datetime formats in which everything but fractions has its full width
/// ("2024-03-01T00:00:00Z"): a moment is read for every record. Gives what datetime_parser.h gives,
/// or nothing, and then that has to be asked. A plain value.
class FixedWidthDatetime {
 public:
  FixedWidthDatetime() = default;
  explicit FixedWidthDatetime(std::string_view format);

  std::optional<CursorTime> Read(std::string_view text) const;
  std::optional<std::string> Write(CursorTime time) const;

 private:
  /// The first are numbers of a fixed width.
  enum Part { kYear, kMonth, kDay, kHour, kMinute, kSecond, kFraction, kZone, kLiteral };
  struct Step {
    Part part;
    char literal;
  };

  std::vector<Step> steps_;  // empty: another kind of format
  bool writes_ = false;      // not where writing has rules of its own
};

}  // namespace millrace
