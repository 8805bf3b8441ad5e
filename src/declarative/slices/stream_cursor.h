#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "declarative/records/declarative_record.h"
#include "declarative/slices/stream_slicer.h"

namespace millrace {

/// Where a stream stands. It cuts the stream into slices, watches the records of each and tells the
/// state. Thread-safe: several slices are open at once, each read by one thread, while one more
/// cuts. Whoever emits states calls CloseSlice, WantsStateEmitted and State under a lock of its
/// own, so that states come out in the order in which they came to be.
class StreamCursor : public StreamSlicer {
 public:
  /// Looks at a record of `slice` that is going to be emitted. Takes no lock. A value that can't be
  /// read as the cursor's is told once as a warning and moves nothing.
  virtual Status Observe(const StreamSlice& slice, const DeclarativeRecord& record) = 0;
  /// Whether a record belongs to what this sync reads (client-side incremental, data feeds); true
  /// when it has no cursor value.
  virtual Result<bool> ShouldBeSynced(const StreamSlice& slice,
                                      const DeclarativeRecord& record) const = 0;
  /// All records of `slice` were emitted.
  virtual Status CloseSlice(const StreamSlice& slice) = 0;
  /// Whether a state is to be emitted now, after CloseSlice (partitioned cursors: at most one in
  /// 600 seconds).
  virtual bool WantsStateEmitted() = 0;
  /// The state as it stands, in the shape that STATE messages carry. A value that nobody changes.
  virtual Result<PyValue> State() const = 0;
  /// Called once when every slice was handed out and read (`all_closed`: without any failure); the
  /// state may change for the last time, and is to be emitted then.
  virtual Status Finish(bool all_closed) = 0;

  /// The stream's cursor field; empty: a full refresh.
  virtual std::string_view cursor_field() const = 0;
  /// Whether the configured catalog may name another (allow_catalog_defined_cursor_field).
  virtual bool cursor_is_chosen_by_user() const { return false; }

  // What retrievers ask for when the API has enough of a window.

  /// Cuts the slice's window in two halves (RequestWindowSplitting); [] when it can't be smaller:
  /// one granularity, at most `smallest`, or a cursor that knows no granularity.
  virtual Result<std::vector<StreamSlice>> SplitWindow(
      const StreamSlice& slice, std::optional<std::chrono::microseconds> smallest) const = 0;
  /// The slice from the most recent record that was observed of it on (PaginationReset); the slice
  /// itself when there was none.
  virtual Result<StreamSlice> ReduceSlice(const StreamSlice& slice) const = 0;

  /// The moment that a state of this stream stands for (api_retention_period); none when it can't
  /// be read from it.
  virtual Result<std::optional<WallTime>> TimeOfState(const PyValue& state) const = 0;
};

}  // namespace millrace
