#include "declarative/slices/count_cursor.h"

#include <fmt/format.h>

#include <limits>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/slices/datetime_position.h"
#include "declarative/slices/datetime_settings.h"

namespace millrace {
namespace {

constexpr std::string_view kStart = "start", kEnd = "end";
constexpr std::string_view kMostRecent = "most_recent_cursor_value";

struct CountProgress final : SliceProgress {
  std::optional<PyValue> most_recent;
};

struct CountOrder {
  Result<bool> Less(const PyValue& a, const PyValue& b) const { return PyLess(a, b); }
  Result<PyValue> Next(const PyValue& value) const {
    return PyBinary(PyBinaryOperator::kAdd, value, PyValue(1));
  }
};

PyValue Endless() { return PyValue(std::numeric_limits<double>::infinity()); }

/// int() of what a template came to.
Result<PyValue> WholeNumber(const PyValue& value) {
  if (value.is_int() || value.kind() == PyValue::Kind::kBigInt) return value;
  if (value.is_bool()) return PyValue(static_cast<int64_t>(value.as_bool()));
  if (value.is_float()) return PyIntFromFloat(value.as_float());
  return PyError("ValueError", "'" + PyStr(value) + "' is no whole number");
}

}  // namespace

Result<std::unique_ptr<CountCursor>> CountCursor::Make(const Component& cursor,
                                                       const std::string& stream,
                                                       const std::string& configured_cursor,
                                                       const PyValue& state,
                                                       const EngineEnvironment& environment) {
  std::unique_ptr<CountCursor> made(new CountCursor(stream, environment));
  MR_ASSIGN_OR_RETURN(made->cursor_field_, CursorFieldOf(cursor, configured_cursor, environment));
  MR_ASSIGN_OR_RETURN(made->chosen_by_user_,
                      cursor.BoolOr("allow_catalog_defined_cursor_field", false));
  MR_ASSIGN_OR_RETURN(const InterpolatedString start, cursor.Template("start_value", "0"));
  const InterpolationContext context(*environment.clock, environment.config);
  MR_ASSIGN_OR_RETURN(const PyValue value, start.Evaluate(context));
  Result<PyValue> number = WholeNumber(value);
  if (!number.ok()) return cursor.FieldError("start_value", number.status().ToString());
  made->start_ = *number;
  MR_ASSIGN_OR_RETURN(made->options_,
                      WindowOptions::Make(cursor, "start_value_option", "", std::string(kStart),
                                          std::string(kEnd), environment));
  MR_RETURN_IF_ERROR(made->ReadState(state));
  return made;
}

Status CountCursor::ReadState(const PyValue& state) {
  resumed_from_ = start_;
  if (!IsIntervalState(state)) {
    if (state.is_dict()) legacy_ = state.dict();
    if (const PyValue* reached = legacy_.Find(cursor_field_);
        reached != nullptr && PyTruthy(*reached)) {
      MR_ASSIGN_OR_RETURN(const bool behind, PyLess(*reached, start_));
      if (!behind) resumed_from_ = *reached;
    }
    done_.push_back({start_, resumed_from_, resumed_from_});
    return Status::Ok();
  }
  if (const PyValue* legacy = state.Find("legacy"); legacy != nullptr && legacy->is_dict()) {
    legacy_ = legacy->dict();
  }
  const PyValue* slices = state.Find("slices");
  if (slices == nullptr || !slices->is_list()) return Status::Ok();  // told when it is needed
  for (const PyValue& slice : slices->items()) {
    const PyValue* start = slice.Find(kStart);
    const PyValue* end = slice.Find(kEnd);
    if (start == nullptr || end == nullptr) {
      return PyError("KeyError", "a slice of the state has no 'start' or no 'end'");
    }
    CursorInterval<PyValue> interval{*start, *end, {}};
    const PyValue* recent = slice.Find(kMostRecent);
    if (recent != nullptr && PyTruthy(*recent)) interval.most_recent = *recent;
    if (done_.empty()) {
      const PyValue& first = recent != nullptr ? *recent : interval.end;
      if (PyTruthy(first)) resumed_from_ = first;
    }
    done_.push_back(std::move(interval));
  }
  return MergeIntervals(CountOrder(), &done_);
}

Status CountCursor::Slices(const SliceSink& sink, std::stop_token stop) {
  std::vector<CursorInterval<PyValue>> done;
  {
    const std::lock_guard lock(mutex_);
    done = done_;
  }
  if (done.empty()) {
    return PyError("ValueError", "the state of stream " + stream_ + " has no slices to go on from");
  }
  // What isn't read yet: before the first interval, between them, and after the last.
  std::vector<std::pair<PyValue, PyValue>> left;
  MR_ASSIGN_OR_RETURN(const bool before, PyLess(start_, done.front().start));
  if (before) left.emplace_back(start_, done.front().start);
  for (size_t i = 0; i + 1 < done.size(); ++i) left.emplace_back(done[i].end, done[i + 1].start);
  left.emplace_back(done.back().end, Endless());
  for (auto& [lower, upper] : left) {
    MR_ASSIGN_OR_RETURN(const bool beyond, PyLessOrEqual(upper, lower));
    MR_ASSIGN_OR_RETURN(const bool too_early, PyLess(upper, start_));
    if (beyond || too_early) continue;
    MR_ASSIGN_OR_RETURN(const bool clipped, PyLess(lower, start_));
    if (clipped) lower = start_;
    MR_ASSIGN_OR_RETURN(const bool empty, PyLessOrEqual(upper, lower));
    if (empty) continue;
    StreamSlice slice;
    slice.cursor_slice = PyValue(PyDict{{PyValue(kStart), lower}, {PyValue(kEnd), upper}});
    slice.progress = std::make_shared<CountProgress>();
    if (stop.stop_requested()) return Status::Canceled();
    if (!sink(std::move(slice))) return Status::Ok();
  }
  return Status::Ok();
}

Result<RequestOptions> CountCursor::OptionsFor(const StreamSlice& slice) const {
  return options_.For(slice);
}

Status CountCursor::Observe(const StreamSlice& slice, const DeclarativeRecord& record) {
  auto* progress = static_cast<CountProgress*>(slice.progress.get());
  if (progress == nullptr) return Status::Ok();
  const PyValue* value = record.data.Find(cursor_field_);
  if (value == nullptr || value->is_none()) {
    if (!warned_.exchange(true)) {
      environment_.messages->Log(
          LogLevel::kWarn,
          fmt::format("stream {}: a record has no cursor field '{}'; it is synced, "
                      "and says nothing about the state",
                      stream_, cursor_field_));
    }
    return Status::Ok();
  }
  if (progress->most_recent) {
    MR_ASSIGN_OR_RETURN(const bool more, PyLess(*progress->most_recent, *value));
    if (!more) return Status::Ok();
  }
  progress->most_recent = *value;
  return Status::Ok();
}

Result<bool> CountCursor::ShouldBeSynced(const StreamSlice&,
                                         const DeclarativeRecord& record) const {
  const PyValue* value = record.data.Find(cursor_field_);
  if (value == nullptr || value->is_none()) return true;
  MR_ASSIGN_OR_RETURN(const bool reached, PyLessOrEqual(resumed_from_, *value));
  if (!reached) return false;
  return PyLessOrEqual(*value, Endless());
}

Status CountCursor::CloseSlice(const StreamSlice& slice) {
  const auto* progress = static_cast<const CountProgress*>(slice.progress.get());
  const std::lock_guard lock(mutex_);
  grown_ = false;
  if (progress != nullptr && progress->most_recent && PyTruthy(*progress->most_recent)) {
    if (closed_one_) {
      return PyError("ValueError", "stream " + stream_ +
                                       " has several slices that a count can't tell apart in its "
                                       "state");
    }
    done_.push_back({resumed_from_, *progress->most_recent, *progress->most_recent});
    grown_ = true;
    MR_RETURN_IF_ERROR(MergeIntervals(CountOrder(), &done_));
  }
  closed_one_ = true;
  return Status::Ok();
}

bool CountCursor::WantsStateEmitted() {
  const std::lock_guard lock(mutex_);
  return grown_;
}

Result<PyValue> CountCursor::State() const {
  const std::lock_guard lock(mutex_);
  if (done_.empty()) {
    return PyError("RuntimeError",
                   "the state of stream " + stream_ + " has no slices to be told from");
  }
  // What doesn't compare fails here as it did when its slice was closed.
  std::vector<CursorInterval<PyValue>> done = done_;
  MR_RETURN_IF_ERROR(MergeIntervals(CountOrder(), &done));
  PyDict state = legacy_;
  const CursorInterval<PyValue>& first = done.front();
  const bool recent = first.most_recent && PyTruthy(*first.most_recent);
  state.Set(std::string_view(cursor_field_), recent ? *first.most_recent : first.start);
  return PyValue(std::move(state));
}

Result<StreamSlice> CountCursor::ReduceSlice(const StreamSlice& slice) const {
  const auto* progress = static_cast<const CountProgress*>(slice.progress.get());
  if (progress == nullptr || !progress->most_recent) return slice;
  StreamSlice reduced = slice;
  PyDict window = slice.cursor_slice.dict();
  window.Set(kStart, *progress->most_recent);
  reduced.cursor_slice = PyValue(std::move(window));
  return reduced;
}

}  // namespace millrace
