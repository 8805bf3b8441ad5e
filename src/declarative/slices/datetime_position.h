#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "declarative/records/declarative_record.h"
#include "declarative/slices/datetime_settings.h"
#include "declarative/slices/datetime_windows.h"
#include "declarative/slices/stream_slice.h"

namespace millrace {

/// What was seen of one slice of a datetime cursor.
struct DatetimeProgress : SliceProgress {
  std::optional<CursorTime> most_recent;
  CursorTime last;     ///< the last record's that had one
  PyValue last_value;  ///< its text: the next record's is often the same
};

/// What a record says about a cursor's position.
enum class CursorValueSeen { kMissing, kUnreadable, kAgain, kMoment };

/// Where a datetime cursor stands in one partition: which windows were read, and how far their
/// records reach. Thread-safe.
class DatetimePosition {
 public:
  /// `state` is the partition's part of the stream's: {"<cursor field>": value} with whatever else
  /// stands beside it, or intervals ("state_type": "date-range"). Its moment counts as `lookback_s`
  /// seconds earlier. A ValueError when the state can't be read.
  static Result<std::unique_ptr<DatetimePosition>> Make(
      std::shared_ptr<const DatetimeSettings> settings, PyValue state, int64_t lookback_s);

  /// The windows that are left to read. Not from two threads at once.
  Status Windows(const WindowSink& sink) const;
  /// Takes a record's moment into `progress`. kAgain: the same as the record's before. A value that
  /// the formats refuse is kUnreadable, one of a senseless kind a TypeError.
  Result<CursorValueSeen> Observe(const DeclarativeRecord& record,
                                  DatetimeProgress* progress) const;
  Result<bool> ShouldBeSynced(const DeclarativeRecord& record) const;
  /// The slice was read to its end. `progress` null: nothing was seen of it.
  Status Close(const StreamSlice& slice, const DatetimeProgress* progress);
  /// {"<cursor field>": …} with what else the state held.
  Result<PyValue> State() const;

 private:
  explicit DatetimePosition(std::shared_ptr<const DatetimeSettings> settings)
      : settings_(std::move(settings)) {}
  Status ReadIntervals(const PyValue& state);
  Status ReadValue(const PyValue& state, int64_t lookback_s);

  const std::shared_ptr<const DatetimeSettings> settings_;
  CursorTime start_;         // the stream's
  CursorTime resumed_from_;  // the state's, or else the stream's start
  CursorTime least_synced_;  // records before it were read already

  mutable std::mutex mutex_;
  std::vector<DatetimeInterval> done_;  // guarded by mutex_; merged
  PyDict legacy_;                       // the state as it came
};

/// Whether a state is one of intervals, as concurrent sources keep it.
bool IsIntervalState(const PyValue& state);

}  // namespace millrace
