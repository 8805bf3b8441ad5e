#include "declarative/slices/datetime_position.h"

#include <algorithm>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"

namespace millrace {
namespace {

constexpr CursorGap kMillisecond{.micros = 1'000};
constexpr int64_t kMicrosPerSecond = 1'000'000;

struct MomentOrder {
  const DatetimeSettings& settings;

  Result<bool> Less(CursorTime a, CursorTime b) const { return a < b; }
  Result<CursorTime> Next(CursorTime time) const {
    return Later(time, settings.granularity.value_or(kMillisecond));
  }
};

/// The member of an interval, which must be there.
Result<CursorTime> MomentOf(const DatetimeSettings& settings, const PyValue& interval,
                            std::string_view key) {
  const PyValue* value = interval.Find(key);
  if (value == nullptr) return PyError("KeyError", "'" + std::string(key) + "'");
  return settings.formats.Parse(*value);
}

}  // namespace

bool IsIntervalState(const PyValue& state) {
  const PyValue* type = state.Find("state_type");
  return type != nullptr && type->is_str() &&
         (type->str() == "date-range" || type->str() == "integer");
}

Result<std::unique_ptr<DatetimePosition>> DatetimePosition::Make(
    std::shared_ptr<const DatetimeSettings> settings, PyValue state, int64_t lookback_s) {
  std::unique_ptr<DatetimePosition> position(new DatetimePosition(std::move(settings)));
  MR_ASSIGN_OR_RETURN(position->start_, position->settings_->Start());
  MR_RETURN_IF_ERROR(IsIntervalState(state) ? position->ReadIntervals(state)
                                            : position->ReadValue(state, lookback_s));
  position->least_synced_ = position->resumed_from_;
  if (const auto& lookback = position->settings_->lookback) {
    // The lookback window is read again, but never what is before the configured start; a state
    // from before that start moves it.
    Result<CursorTime> earlier = Earlier(position->resumed_from_, *lookback);
    if (earlier.ok()) {
      position->least_synced_ =
          std::max(*earlier, std::min(position->resumed_from_, position->start_));
    } else if (!IsPyError(earlier.status(), "OverflowError")) {
      return earlier.status();
    }
  }
  return position;
}

Status DatetimePosition::ReadIntervals(const PyValue& state) {
  resumed_from_ = start_;
  if (const PyValue* legacy = state.Find("legacy"); legacy != nullptr && legacy->is_dict()) {
    legacy_ = legacy->dict();
  }
  const PyValue* slices = state.Find("slices");
  if (slices == nullptr || !slices->is_list()) return Status::Ok();  // told when it is needed
  for (const PyValue& slice : slices->items()) {
    DatetimeInterval interval;
    MR_ASSIGN_OR_RETURN(interval.start, MomentOf(*settings_, slice, "start"));
    MR_ASSIGN_OR_RETURN(interval.end, MomentOf(*settings_, slice, "end"));
    if (slice.Find("most_recent_cursor_value") != nullptr) {
      MR_ASSIGN_OR_RETURN(interval.most_recent,
                          MomentOf(*settings_, slice, "most_recent_cursor_value"));
    }
    if (done_.empty()) resumed_from_ = interval.most_recent.value_or(interval.end);
    done_.push_back(interval);
  }
  return MergeIntervals(MomentOrder{*settings_}, &done_);
}

Status DatetimePosition::ReadValue(const PyValue& state, int64_t lookback_s) {
  if (state.is_dict()) legacy_ = state.dict();
  resumed_from_ = start_;
  if (const PyValue* value = legacy_.Find(settings_->cursor_field)) {
    MR_ASSIGN_OR_RETURN(CursorTime time, settings_->formats.Parse(*value));
    if (lookback_s != 0 && PyTruthy(*value)) {
      // Written and read again, because the format may hold less than the moment has.
      MR_ASSIGN_OR_RETURN(time, Earlier(time, {.micros = lookback_s * kMicrosPerSecond}));
      MR_ASSIGN_OR_RETURN(std::string text, settings_->formats.Format(time));
      const PyValue earlier(std::move(text));
      MR_ASSIGN_OR_RETURN(time, settings_->formats.Parse(earlier));
      legacy_.Set(std::string_view(settings_->cursor_field), earlier);
    }
    if (time >= start_) resumed_from_ = time;
  }
  done_.push_back({start_, resumed_from_, resumed_from_});
  return Status::Ok();
}

Status DatetimePosition::Windows(const WindowSink& sink) const {
  std::vector<DatetimeInterval> done;
  {
    const std::lock_guard lock(mutex_);
    done = done_;
  }
  if (done.empty()) {
    return PyError("ValueError",
                   "the state of stream " + settings_->stream + " has no slices to go on from");
  }
  return CutWindows(*settings_, start_, done, sink);
}

Result<CursorValueSeen> DatetimePosition::Observe(const DeclarativeRecord& record,
                                                  DatetimeProgress* progress) const {
  const PyValue* value = record.data.Find(settings_->cursor_field);
  if (value == nullptr || value->is_none()) return CursorValueSeen::kMissing;
  if (value->is_str() && progress->last_value.is_str() &&
      value->str() == progress->last_value.str()) {
    return CursorValueSeen::kAgain;
  }
  const Result<CursorTime> time = settings_->formats.Parse(*value);
  if (!time.ok()) {
    if (IsPyError(time.status(), "ValueError")) return CursorValueSeen::kUnreadable;
    return time.status();
  }
  progress->last = *time;
  progress->last_value = *value;
  if (!progress->most_recent || *progress->most_recent < *time) progress->most_recent = *time;
  return CursorValueSeen::kMoment;
}

Result<bool> DatetimePosition::ShouldBeSynced(const DeclarativeRecord& record) const {
  const PyValue* value = record.data.Find(settings_->cursor_field);
  if (value == nullptr || value->is_none()) return true;
  const Result<CursorTime> time = settings_->formats.Parse(*value);
  if (!time.ok()) {
    if (IsPyError(time.status(), "ValueError")) return true;
    return time.status();
  }
  if (*time < least_synced_) return false;
  MR_ASSIGN_OR_RETURN(const CursorTime end, settings_->End());
  return *time <= end;
}

Status DatetimePosition::Close(const StreamSlice& slice, const DatetimeProgress* progress) {
  DatetimeInterval interval;
  for (const auto& [field, edge] : {std::pair(&settings_->start_field, &interval.start),
                                    std::pair(&settings_->end_field, &interval.end)}) {
    const PyValue* value = slice.Find(*field);
    if (value == nullptr) {
      return PyError("KeyError",
                     "a slice of stream " + settings_->stream + " has no '" + *field + "'");
    }
    MR_ASSIGN_OR_RETURN(*edge, settings_->formats.Parse(*value));
  }
  if (progress != nullptr) interval.most_recent = progress->most_recent;
  const std::lock_guard lock(mutex_);
  done_.push_back(interval);
  return MergeIntervals(MomentOrder{*settings_}, &done_);
}

Result<PyValue> DatetimePosition::State() const {
  CursorTime reached;
  {
    const std::lock_guard lock(mutex_);
    if (done_.empty()) {
      return PyError("RuntimeError",
                     "the state of stream " + settings_->stream + " has no slices to be told from");
    }
    reached = done_.front().most_recent.value_or(done_.front().start);
  }
  PyDict state = legacy_;
  MR_ASSIGN_OR_RETURN(std::string text, settings_->formats.Format(reached));
  state.Set(std::string_view(settings_->cursor_field), PyValue(std::move(text)));
  return PyValue(std::move(state));
}

}  // namespace millrace
