#include "declarative/slices/datetime_windows.h"

#include <algorithm>

#include "declarative/jinja/py_error.h"

namespace millrace {
namespace {

Result<PyValue> WindowOf(const DatetimeSettings& settings, CursorTime first, CursorTime last) {
  PyDict window;
  MR_ASSIGN_OR_RETURN(std::string text, settings.formats.Format(first));
  window.Set(std::string_view(settings.start_field), PyValue(std::move(text)));
  MR_ASSIGN_OR_RETURN(text, settings.formats.Format(last));
  window.Set(std::string_view(settings.end_field), PyValue(std::move(text)));
  return PyValue(std::move(window));
}

/// Cuts one range into windows. The CDK's rules for granularity, clamping and equal edges depend on
/// each other; they are kept in its order.
class RangeCut {
 public:
  RangeCut(const DatetimeSettings& settings, CursorTime start, const WindowSink& sink)
      : settings_(settings), start_(start), sink_(sink) {}

  /// Whether more windows are wanted.
  bool wanted() const { return wanted_; }

  /// `upper` is read, too, when it's the end of it all; in a gap it is where the next one starts.
  Status Cut(CursorTime lower, CursorTime upper, bool upper_is_end) {
    const bool granular = settings_.granularity.has_value();
    if (!wanted_ || lower > upper || (lower == upper && !granular)) return Status::Ok();
    if (upper < start_) return Status::Ok();
    MR_ASSIGN_OR_RETURN(lower, settings_.clamping.Up(std::max(lower, start_)));
    if (lower > upper) return Status::Ok();
    if (lower == upper && (settings_.start_equal_end_refused || !upper_is_end)) {
      return Status::Ok();
    }
    bool one = settings_.step && settings_.step->empty();
    if (!one) {
      MR_ASSIGN_OR_RETURN(const CursorTime stepped, Stepped(lower));
      one = stepped >= upper;
    }
    if (!one) return CutSteps(lower, upper, upper_is_end);
    CursorTime last = upper;
    if (!upper_is_end || !granular) {
      MR_ASSIGN_OR_RETURN(last, settings_.clamping.Up(upper));
    }
    return Hand(lower, last, /*keeps_last=*/!granular || upper_is_end);
  }

 private:
  Status CutSteps(CursorTime lower, CursorTime upper, bool upper_is_end) {
    const bool granular = settings_.granularity.has_value();
    for (bool reached = false; !reached && wanted_;) {
      MR_ASSIGN_OR_RETURN(const CursorTime stepped, Stepped(lower));
      const CursorTime edge = std::min(stepped, upper);
      CursorTime last = edge;
      if (edge != upper) {
        MR_ASSIGN_OR_RETURN(last, settings_.clamping.Up(edge));
      }
      reached = edge >= upper || last == upper;
      MR_ASSIGN_OR_RETURN(const CursorTime first, settings_.clamping.Up(lower));
      if (first >= last) break;
      MR_RETURN_IF_ERROR(Hand(first, last, !granular || (upper_is_end && reached)));
      lower = last;
    }
    return Status::Ok();
  }

  /// A step later; where that overflows or steps have no length, the end of what is read.
  Result<CursorTime> Stepped(CursorTime time) const {
    if (!settings_.step) return settings_.End();
    Result<CursorTime> later = Later(time, *settings_.step);
    if (!later.ok() && IsPyError(later.status(), "OverflowError")) return settings_.End();
    return later;
  }

  Status Hand(CursorTime first, CursorTime last, bool keeps_last) {
    if (!keeps_last) {
      MR_ASSIGN_OR_RETURN(last, Earlier(last, *settings_.granularity));
    }
    MR_ASSIGN_OR_RETURN(PyValue window, WindowOf(settings_, first, last));
    wanted_ = sink_(std::move(window));
    return Status::Ok();
  }

  const DatetimeSettings& settings_;
  const CursorTime start_;
  const WindowSink& sink_;
  bool wanted_ = true;
};

/// The edge of a slice's window.
Result<CursorTime> EdgeOf(const DatetimeSettings& settings, const StreamSlice& slice,
                          const std::string& field) {
  const PyValue* edge = slice.cursor_slice.Find(field);
  Result<CursorTime> time =
      edge == nullptr ? PyError("KeyError", "'" + field + "'") : settings.formats.Parse(*edge);
  if (!time.ok()) {
    return SystemError("stream {}: a window without a usable '{}' can't be cut any further: {}",
                       settings.stream, field, time.status().ToString());
  }
  return time;
}

}  // namespace

Status CutWindows(const DatetimeSettings& settings, CursorTime start,
                  const std::vector<DatetimeInterval>& done, const WindowSink& sink) {
  RangeCut range(settings, start, sink);
  if (start < done.front().start) {
    MR_RETURN_IF_ERROR(range.Cut(start, done.front().start, /*upper_is_end=*/false));
  }
  for (size_t i = 0; i + 1 < done.size() && range.wanted(); ++i) {
    CursorTime lower = done[i].end;
    if (settings.granularity) {
      MR_ASSIGN_OR_RETURN(lower, Later(lower, *settings.granularity));
    }
    MR_RETURN_IF_ERROR(range.Cut(lower, done[i + 1].start, /*upper_is_end=*/false));
  }
  if (!range.wanted()) return Status::Ok();
  CursorTime lower = done.back().end;
  if (settings.lookback) {
    MR_ASSIGN_OR_RETURN(lower, Earlier(lower, *settings.lookback));
  }
  MR_ASSIGN_OR_RETURN(const CursorTime upper, settings.End());
  return range.Cut(lower, upper, /*upper_is_end=*/true);
}

Result<StreamSlice> WithWindow(const DatetimeSettings& settings, StreamSlice slice,
                               CursorTime first, CursorTime last) {
  MR_ASSIGN_OR_RETURN(slice.cursor_slice, WindowOf(settings, first, last));
  return slice;
}

Result<std::vector<StreamSlice>> HalvesOf(const DatetimeSettings& settings,
                                          const StreamSlice& slice,
                                          std::optional<std::chrono::microseconds> smallest) {
  const std::vector<StreamSlice> none;
  if (!settings.granularity) return none;
  if (settings.granularity->calendar || settings.granularity->micros <= 0) {
    return PyError("TypeError", "a window can't be divided by a calendar duration");
  }
  MR_ASSIGN_OR_RETURN(const CursorTime first, EdgeOf(settings, slice, settings.start_field));
  MR_ASSIGN_OR_RETURN(const CursorTime last, EdgeOf(settings, slice, settings.end_field));
  if (first >= last) return none;
  const int64_t span = last.micros - first.micros;
  if (smallest && span <= smallest->count()) return none;
  const int64_t unit = settings.granularity->micros;
  const int64_t units = span / unit + 1;
  if (units <= 1) return none;
  const int64_t first_half = units / 2 * unit;
  const CursorTime middle{first.micros + first_half - unit, first.offset_us};
  const CursorTime next{first.micros + first_half, first.offset_us};
  if (next > last) return none;
  MR_ASSIGN_OR_RETURN(StreamSlice a, WithWindow(settings, slice, first, middle));
  MR_ASSIGN_OR_RETURN(StreamSlice b, WithWindow(settings, slice, next, last));
  return std::vector<StreamSlice>{std::move(a), std::move(b)};
}

}  // namespace millrace
