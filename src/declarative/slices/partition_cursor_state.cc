// How a partitioned cursor's state is read and told.
#include <charconv>
#include <cmath>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/slices/datetime_cursor.h"
#include "declarative/slices/partition_cursor.h"
#include "declarative/slices/value_identity.h"

namespace millrace {
namespace {

constexpr std::string_view kGlobal = "state", kPartitions = "states";
constexpr std::string_view kOnlyGlobal = "use_global_cursor", kLookback = "lookback_window";
constexpr std::string_view kParents = "parent_state";
constexpr std::string_view kPartition = "partition", kCursor = "cursor";

/// More than that lies before every date.
constexpr int64_t kSecondsMax = 1'000'000'000'000;

Result<int64_t> Seconds(const PyValue& value) {
  std::optional<int64_t> seconds;
  if (value.is_int() || value.is_bool()) seconds = value.as_int();
  if (value.is_float() && std::abs(value.as_float()) < static_cast<double>(kSecondsMax)) {
    seconds = static_cast<int64_t>(value.as_float());
  }
  if (value.is_str()) {
    int64_t number = 0;
    const std::string& text = value.str();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && end == text.data() + text.size()) seconds = number;
  }
  if (seconds && *seconds <= kSecondsMax && *seconds >= -kSecondsMax) return *seconds;
  return PyError("ValueError",
                 "the state's lookback_window is no number of seconds: " + PyRepr(value));
}

}  // namespace

Status PartitionCursor::ReadState(const PyValue& state) {
  if (!state.is_dict() || state.dict().empty()) return Status::Ok();
  const PyValue* global = state.Find(kGlobal);
  const PyValue* partitions = state.Find(kPartitions);
  if (global == nullptr && partitions == nullptr) {
    // Of a stream that had no partitions, or of an old version: it holds for all of them.
    MR_RETURN_IF_ERROR(ReadGlobal(state));
  } else {
    const PyValue* only_global = state.Find(kOnlyGlobal);
    only_global_ = only_global != nullptr && PyTruthy(*only_global);
    if (const PyValue* lookback = state.Find(kLookback)) {
      MR_ASSIGN_OR_RETURN(lookback_s_, Seconds(*lookback));
    }
    if (partitions != nullptr) {
      MR_ASSIGN_OR_RETURN(const PyList entries, PyIterate(*partitions));
      for (const PyValue& entry : entries) {
        const PyValue* partition = entry.Find(kPartition);
        const PyValue* cursor = entry.Find(kCursor);
        if (partition == nullptr || cursor == nullptr || !cursor->is_dict()) {
          return PyError("KeyError", "the state of stream " + settings_->stream +
                                         " has a partition without 'partition' or 'cursor'");
        }
        MR_ASSIGN_OR_RETURN(std::shared_ptr<DatetimePosition> position,
                            DatetimePosition::Make(settings_, *cursor, 0));
        ++partitions_;
        MR_ASSIGN_OR_RETURN(std::string key, PartitionKey(*partition));
        MR_RETURN_IF_ERROR(positions_.Set(std::move(key), std::move(position)));
      }
    }
    if (global != nullptr) MR_RETURN_IF_ERROR(ReadGlobal(*global));
  }
  const PyValue* parents = state.Find(kParents);
  if (parents != nullptr && PyTruthy(*parents)) parent_state_ = *parents;
  return Status::Ok();
}

Status PartitionCursor::ReadGlobal(const PyValue& state) {
  const PyValue* value = state.Find(settings_->cursor_field);
  if (value == nullptr) return Status::Ok();
  MR_ASSIGN_OR_RETURN(const CursorTime time, settings_->formats.Parse(*value));
  MR_ASSIGN_OR_RETURN(global_, settings_->formats.Format(time));
  next_global_ = global_;
  return Status::Ok();
}

Result<std::unique_ptr<DatetimePosition>> PartitionCursor::MakeFromGlobal() const {
  if (!global_) return DatetimePosition::Make(settings_, PyValue(PyDict()), 0);
  return DatetimePosition::Make(
      settings_, PyValue(PyDict{{PyValue(settings_->cursor_field), PyValue(*global_)}}),
      lookback_s_);
}

Result<PyValue> PartitionCursor::State() const {
  const std::lock_guard lock(mutex_);
  PyDict state;
  state.Append(kOnlyGlobal, only_global_);
  if (!only_global_) {
    PyList states;
    states.reserve(positions_.size());
    for (const PartitionPositions::Entry& entry : positions_.entries()) {
      MR_ASSIGN_OR_RETURN(PyValue cursor, entry.position->State());
      states.push_back(PyValue(
          PyDict{{PyValue(kPartition), entry.partition}, {PyValue(kCursor), std::move(cursor)}}));
    }
    state.Append(kPartitions, PyValue::List(std::move(states)));
  }
  if (global_) {
    state.Append(kGlobal, PyValue(PyDict{{PyValue(settings_->cursor_field), PyValue(*global_)}}));
  }
  state.Append(kLookback, lookback_s_);
  if (parent_state_) state.Append(kParents, *parent_state_);
  return PyValue(std::move(state));
}

Result<std::optional<WallTime>> PartitionCursor::TimeOfState(const PyValue& state) const {
  const PyValue* global = state.Find(kGlobal);
  if (global == nullptr || !global->is_dict()) return std::optional<WallTime>();
  return TimeOfPosition(*settings_, *global);
}

}  // namespace millrace
