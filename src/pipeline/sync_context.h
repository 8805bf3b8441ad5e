#pragma once

#include <atomic>
#include <stop_token>

#include "base/byte_budget.h"
#include "connector/destination.h"
#include "pipeline/destination_calls.h"
#include "pipeline/sync_events.h"
#include "pipeline/sync_options.h"

namespace millrace {

/// What the parts of one running sync share. Owned by the run; outlives every thread of it.
struct SyncContext {
  SyncContext(const SyncOptions& sync_options, Load& destination, DestinationCalls& calls,
              SyncEvents& inbox, std::stop_source abandoned)
      : options(sync_options),
        load(destination),
        destination_calls(calls),
        events(inbox),
        queue_bytes(sync_options.queue_bytes_max),
        uncommitted_bytes(sync_options.uncommitted_bytes_max),
        abandon(std::move(abandoned)) {}

  const SyncOptions& options;
  Load& load;
  DestinationCalls& destination_calls;  ///< every call into `load` or its writers is one
  SyncEvents& events;
  ByteBudget queue_bytes;        ///< read, not yet written
  ByteBudget uncommitted_bytes;  ///< staged, not yet saved

  std::stop_source read_stop;  ///< the source is to stop; what it gave may still be committed
  std::stop_source abandon;    ///< nothing more is written, staged or committed
  /// Every checkpoint is worth a flush now: the sync ends early.
  std::atomic<bool> commit_at_once = false;

  /// Waits until the destination may commit; see SyncOptions::before_commit.
  Status AwaitCommit() {
    return options.before_commit ? options.before_commit(abandon.get_token()) : Status::Ok();
  }

  /// Finishes all tables of the stream, its own first; the first failure ends it.
  Status FinishTables(SyncedStream& stream, StreamStatus status) {
    MR_RETURN_IF_ERROR(AwaitCommit());
    const DestinationCalls::Call call(destination_calls);
    for (const ConfiguredStream& table : stream.outputs().streams) {
      const Status finished = load.FinishStream(table.descriptor(), status);
      stream.CountMerge(load.TakeMergeTotals(table.descriptor()));
      MR_RETURN_IF_ERROR(finished);
    }
    return Status::Ok();
  }

  /// Counts the checkpoint against uncommitted_bytes and sends it to the ledger.
  void PostReady(ReadyCheckpoint ready) {
    // A checkpoint without data costs something too, so that their number is bounded.
    ready.uncommitted_bytes = 4096;
    for (const StagedParts& part : ready.parts) ready.uncommitted_bytes += part.bytes;
    uncommitted_bytes.Force(ready.uncommitted_bytes);
    events.Post(std::move(ready));
  }
};

}  // namespace millrace
