#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/result.h"
#include "declarative/jinja/py_value.h"
#include "declarative/slices/cursor_interval.h"
#include "declarative/slices/datetime_settings.h"
#include "declarative/slices/stream_slice.h"

namespace millrace {

using DatetimeInterval = CursorInterval<CursorTime>;

/// Takes a window as a slice's cursor_slice; false: no more are wanted.
using WindowSink = std::function<bool(PyValue cursor_slice)>;

/// The windows that are left to read around `done`, which is merged and not empty: before it, in
/// its gaps and after it. `start` is the stream's.
Status CutWindows(const DatetimeSettings& settings, CursorTime start,
                  const std::vector<DatetimeInterval>& done, const WindowSink& sink);

/// The slice with the window from `first` to `last`.
Result<StreamSlice> WithWindow(const DatetimeSettings& settings, StreamSlice slice,
                               CursorTime first, CursorTime last);

/// Both halves of the slice, or [] when it isn't to be cut any further; see StreamCursor.
Result<std::vector<StreamSlice>> HalvesOf(const DatetimeSettings& settings,
                                          const StreamSlice& slice,
                                          std::optional<std::chrono::microseconds> smallest);

}  // namespace millrace
