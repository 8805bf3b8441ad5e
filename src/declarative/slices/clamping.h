#pragma once

#include <cstdint>

#include "base/result.h"
#include "declarative/slices/cursor_time.h"

namespace millrace {

/// Moves the edges of windows onto whole days, weeks or months (DatetimeBasedCursor.clamping).
struct Clamping {
  enum class Target : uint8_t { kNone, kDay, kWeek, kMonth };

  Target target = Target::kNone;
  int weekday = 0;  ///< that weeks start with: 0 is Monday

  /// The next edge, or the same moment where it is one.
  Result<CursorTime> Up(CursorTime time) const;
  /// The edge before.
  Result<CursorTime> Down(CursorTime time) const;
};

}  // namespace millrace
