#include "declarative/slices/datetime_cursor.h"

#include <fmt/format.h>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"

namespace millrace {

Status DatetimeCursor::Slices(const SliceSink& sink, std::stop_token stop) {
  MR_RETURN_IF_ERROR(position_->Windows([&](PyValue window) {
    StreamSlice slice;
    slice.cursor_slice = std::move(window);
    slice.progress = std::make_shared<DatetimeProgress>();
    return !stop.stop_requested() && sink(std::move(slice));
  }));
  return stop.stop_requested() ? Status::Canceled() : Status::Ok();
}

Result<RequestOptions> DatetimeCursor::OptionsFor(const StreamSlice& slice) const {
  return options_.For(slice);
}

Status DatetimeCursor::Observe(const StreamSlice& slice, const DeclarativeRecord& record) {
  auto* progress = static_cast<DatetimeProgress*>(slice.progress.get());
  if (progress == nullptr) return Status::Ok();
  MR_ASSIGN_OR_RETURN(const CursorValueSeen seen, position_->Observe(record, progress));
  if (seen == CursorValueSeen::kMoment || seen == CursorValueSeen::kAgain) return Status::Ok();
  if (!warned_.exchange(true)) {
    settings_->environment->messages->Log(
        LogLevel::kWarn,
        fmt::format("stream {}: a record has no cursor field '{}' that can be read; it is synced, "
                    "and says nothing about the state",
                    settings_->stream, settings_->cursor_field));
  }
  return Status::Ok();
}

Result<bool> DatetimeCursor::ShouldBeSynced(const StreamSlice&,
                                            const DeclarativeRecord& record) const {
  return position_->ShouldBeSynced(record);
}

Status DatetimeCursor::CloseSlice(const StreamSlice& slice) {
  return position_->Close(slice, static_cast<const DatetimeProgress*>(slice.progress.get()));
}

Result<StreamSlice> DatetimeCursor::ReduceSlice(const StreamSlice& slice) const {
  return FromMostRecent(*settings_, slice,
                        static_cast<const DatetimeProgress*>(slice.progress.get()));
}

Result<std::optional<WallTime>> DatetimeCursor::TimeOfState(const PyValue& state) const {
  return TimeOfPosition(*settings_, state);
}

Result<StreamSlice> FromMostRecent(const DatetimeSettings& settings, const StreamSlice& slice,
                                   const DatetimeProgress* progress) {
  if (progress == nullptr || !progress->most_recent) return slice;
  MR_ASSIGN_OR_RETURN(std::string text, settings.formats.Format(*progress->most_recent));
  const PyValue* end = slice.cursor_slice.Find(settings.end_field);
  if (end == nullptr) return PyError("KeyError", "'" + settings.end_field + "'");
  PyDict window;
  window.Set(std::string_view(settings.start_field), PyValue(std::move(text)));
  window.Set(std::string_view(settings.end_field), *end);
  StreamSlice reduced = slice;
  reduced.cursor_slice = PyValue(std::move(window));
  return reduced;
}

Result<std::optional<WallTime>> TimeOfPosition(const DatetimeSettings& settings,
                                               const PyValue& state) {
  const PyValue* value = state.Find(settings.cursor_field);
  if (IsIntervalState(state)) {
    const PyValue* slices = state.Find("slices");
    if (slices == nullptr || !slices->is_list() || slices->items().empty()) {
      return std::optional<WallTime>();
    }
    const PyValue& first = slices->items().front();
    value = first.Find("most_recent_cursor_value");
    if (value == nullptr || !PyTruthy(*value)) value = first.Find("end");
  }
  if (value == nullptr || !PyTruthy(*value)) return std::optional<WallTime>();
  const Result<CursorTime> time = settings.formats.Parse(*value);
  if (time.ok()) {
    return std::optional<WallTime>(WallTime(std::chrono::microseconds(time->micros)));
  }
  if (IsPyError(time.status(), "ValueError") || IsPyError(time.status(), "TypeError")) {
    return std::optional<WallTime>();
  }
  return time.status();
}

}  // namespace millrace
