#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>

#include "base/status.h"
#include "pipeline/progress_listener.h"
#include "protocol/catalog.h"
#include "protocol/merge_totals.h"
#include "transform/stream_outputs.h"

namespace millrace {

/// What the threads of a sync know together about one stream: its configuration, how far it is,
/// why it failed. Owned by the run, outlives every thread. Thread-safe.
class SyncedStream {
 public:
  /// `configured`: as the source has it; `outputs`: the tables that it is written to.
  SyncedStream(const ConfiguredStream& configured, StreamOutputs outputs)
      : configured_(configured), outputs_(std::move(outputs)) {}
  SyncedStream(const SyncedStream&) = delete;
  SyncedStream& operator=(const SyncedStream&) = delete;

  const ConfiguredStream& configured() const { return configured_; }
  const StreamDescriptor& descriptor() const { return configured_.descriptor(); }
  const StreamOutputs& outputs() const { return outputs_; }

  void CountRead(int64_t records, int64_t bytes);
  void CountCommitted(int64_t records);
  /// Rows of the derived tables, by the tables' streams.
  void CountDerived(const RecordCounts& rows);
  void CountChangedValues(int64_t values);
  /// What merging into its tables took.
  void CountMerge(const MergeTotals& merge);
  void SetEstimate(std::optional<int64_t> records, std::optional<int64_t> bytes);

  /// The source began with it, or rows flow. Ignored once it has ended.
  void SetRunning(StreamStatus status);
  void SetComplete();
  /// It will not be complete; the first reason given is kept. Ok or kCanceled gives none.
  void SetIncomplete(const Status& why, FailureOrigin origin = FailureOrigin::kSource);

  /// SetIncomplete was called: nothing more of it is to be read or written.
  bool stopped() const { return stopped_.load(std::memory_order_acquire); }
  bool complete() const;
  bool begun() const;
  int64_t records_committed() const { return records_committed_; }

  StreamProgress Snapshot() const;
  /// Grows with everything above: whoever reports progress compares it with what was last seen.
  uint64_t version() const { return version_.load(std::memory_order_relaxed); }

 private:
  void Touch() { version_.fetch_add(1, std::memory_order_relaxed); }

  const ConfiguredStream configured_;
  const StreamOutputs outputs_;
  std::atomic<int64_t> records_read_ = 0;
  std::atomic<int64_t> bytes_read_ = 0;
  std::atomic<int64_t> records_committed_ = 0;
  std::atomic<int64_t> values_changed_ = 0;
  std::atomic<uint64_t> version_ = 0;
  std::atomic<bool> stopped_ = false;

  mutable std::mutex mutex_;
  std::optional<StreamStatus> status_;        // guarded by mutex_
  std::optional<Error> error_;                // guarded by mutex_
  FailureOrigin error_origin_{};              // guarded by mutex_
  MergeTotals merge_;                         // guarded by mutex_
  RecordCounts derived_;                      // guarded by mutex_
  std::optional<int64_t> estimated_records_;  // guarded by mutex_
  std::optional<int64_t> estimated_bytes_;    // guarded by mutex_
};

}  // namespace millrace
