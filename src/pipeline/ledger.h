#pragma once

#include <deque>
#include <map>
#include <vector>

#include "connector/source.h"
#include "pipeline/sync_context.h"
#include "protocol/state_store.h"

namespace millrace {

/// Keeps the order that never changes: data durable → state saved → source acknowledged. Numbers
/// the checkpoints, commits them in order without waiting for one before the next, and does the
/// rest for each when the destination reports it. Lives on RunSync's own thread.
///
/// A stream is finished after its last state was saved: what is shown is never withdrawn, and an
/// attempt that goes on from that state finishes it. Except a full refresh that appends in one go,
/// which is finished just before: a crash in between withdraws all of it, where the other order
/// would leave rows that the next attempt adds a second time.
class Ledger {
 public:
  /// `saved` is what the state store loaded; everything outlives the ledger. `streams` are the
  /// run's, to count what was committed.
  Ledger(SyncContext& context, StateStore& states, Source& source, SavedState saved,
         const std::vector<SyncedStream*>& streams);

  /// Commits what is ready. Dropped after a failure: the next attempt withdraws or repeats it.
  void Take(ReadyCheckpoint ready);
  /// The destination's word on a commit; saves, acknowledges and finishes what it covers.
  void Take(const CommitReport& report);
  /// The load is over: what it did not confirm is finished without its state.
  void Take(const LoadEnd& end);

  /// Nothing is under way.
  bool idle() const { return pending_.empty(); }
  /// The first commit or save that failed. Nothing is committed or saved after it.
  const Status& failure() const { return failure_; }
  FailureOrigin failure_origin() const { return failure_origin_; }
  CheckpointId last_saved() const { return last_saved_; }

 private:
  struct Pending {
    Checkpoint checkpoint;  ///< id 0: no commit, only ends
    RecordCounts counts;
    std::map<SyncedStream*, RecordCounts> derived;
    std::vector<SyncedStream*> ends;
    int64_t uncommitted_bytes = 0;
  };

  void Commit(const Checkpoint& checkpoint, std::vector<StagedParts> parts);
  void EndStreams(const std::vector<SyncedStream*>& ends);
  void SettleAlone(CheckpointId id);
  void SettleOne(const Pending& pending, bool confirmed);
  /// The next sync would begin where its state says.
  bool IsOfUse(const Pending& pending) const;
  void Save(const Pending& pending);
  void CountCommitted(const Pending& pending);
  void FinishAppends(const std::vector<SyncedStream*>& ends);
  void Finish(const std::vector<SyncedStream*>& ends);
  void Settle(CheckpointId durable);
  void Fail(const Status& why, FailureOrigin origin);

  SyncContext& context_;
  StateStore& states_;
  Source& source_;
  State state_;
  CheckpointId last_saved_;
  CheckpointId last_id_;
  CheckpointId durable_ = 0;  ///< the newest commit that was reported
  std::deque<Pending> pending_;
  std::map<StreamDescriptor, SyncedStream*> streams_;
  Status failure_;
  FailureOrigin failure_origin_ = FailureOrigin::kUnknown;
};

}  // namespace millrace
