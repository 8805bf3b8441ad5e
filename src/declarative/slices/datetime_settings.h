#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "declarative/manifest/component.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/slices/clamping.h"
#include "declarative/slices/cursor_formats.h"
#include "declarative/slices/cursor_time.h"
#include "declarative/slices/min_max_datetime.h"

namespace millrace {

/// What a DatetimeBasedCursor says, evaluated once: shared by the positions of all partitions and
/// never changed.
struct DatetimeSettings {
  std::string stream;
  std::string cursor_field;
  bool cursor_is_chosen_by_user = false;
  std::string start_field, end_field;  ///< of slices
  CursorFormats formats;
  /// The smallest unit the API knows: windows end so much before the next one starts.
  std::optional<CursorGap> granularity;
  std::optional<CursorGap> lookback;
  /// Windows are that long; none: as long as they get; empty: the same, and nothing overflows.
  std::optional<CursorGap> step;
  Clamping clamping;
  CursorGap clamped_end_unit;  ///< what lies between the clamped end and the last moment to read
  bool start_equal_end_refused = false;  ///< is_compare_strictly
  MinMaxDatetime start;
  std::optional<MinMaxDatetime> end;  ///< none: now
  const EngineEnvironment* environment = nullptr;

  /// Config errors name the manifest's line; what evaluating a template says stays as it is.
  static Result<std::shared_ptr<const DatetimeSettings>> Make(const Component& cursor,
                                                              const std::string& stream,
                                                              const std::string& configured_cursor,
                                                              const EngineEnvironment& environment);

  /// Where the stream begins without a state.
  Result<CursorTime> Start() const { return start.Evaluate(*environment); }
  /// The last moment to read as of now.
  Result<CursorTime> End() const;
};

/// The cursor field of a cursor's component: the configured one where the manifest allows it.
Result<std::string> CursorFieldOf(const Component& cursor, const std::string& configured_cursor,
                                  const EngineEnvironment& environment);

}  // namespace millrace
