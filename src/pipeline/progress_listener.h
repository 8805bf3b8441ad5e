#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/failure_origin.h"
#include "connector/destination.h"
#include "protocol/message.h"
#include "protocol/state_store.h"

namespace millrace {

/// How far one stream has come in this sync. A plain value.
struct StreamProgress {
  StreamDescriptor stream;
  /// Empty: not begun. kRunning: rows flow. kComplete: its table is finished (swapped, visible).
  std::optional<StreamStatus> status;
  int64_t records_read = 0;       ///< rows that the source emitted
  int64_t bytes_read = 0;         ///< their size in memory, before metadata columns
  int64_t records_committed = 0;  ///< rows whose state is saved
  /// Values that were nulled or cut by the source (FieldChange) or by the destination's writers,
  /// whether or not a metadata column records them.
  int64_t values_changed = 0;
  /// The tables that normalisation derives from the stream, and the rows committed to each (those
  /// of no use but to say that a set is empty are not counted).
  std::vector<std::pair<StreamDescriptor, int64_t>> derived;
  MergeTotals merge;  ///< into its tables, those derived included
  std::optional<int64_t> estimated_records;
  std::optional<int64_t> estimated_bytes;
  std::optional<Error> error;                            ///< why it is kIncomplete
  FailureOrigin error_origin = FailureOrigin::kUnknown;  ///< whose failure that is
};

/// Hears how a sync goes. Called from RunSync's own thread only, so it needs no lock against
/// itself; it must not block for long (the commits wait meanwhile).
class ProgressListener {
 public:
  virtual ~ProgressListener() = default;

  /// Every `SyncOptions::progress_interval` for the streams that moved since, and once at the end.
  virtual void OnProgress(const StreamProgress& progress) { (void)progress; }

  /// `state` is stored: what a STATE message of the Airbyte Protocol says to the platform. `counts`
  /// are the records of each stream since its previous saved state.
  virtual void OnStateSaved(const StateMessage& state, CheckpointId checkpoint,
                            const RecordCounts& counts) {
    (void)state, (void)checkpoint, (void)counts;
  }
};

}  // namespace millrace
