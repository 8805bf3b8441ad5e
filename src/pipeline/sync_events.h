#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <variant>
#include <vector>

#include "base/deadline.h"
#include "connector/destination.h"
#include "pipeline/flushed_rows.h"
#include "pipeline/synced_stream.h"
#include "protocol/state_store.h"

namespace millrace {

/// Durable data that may be committed, with the state that covers it: what readers and writers
/// hand to the ledger. Without a state and without parts it only says that streams have ended.
struct ReadyCheckpoint {
  std::optional<StateMessage> state;
  std::vector<StagedParts> parts;
  RecordCounts counts;
  /// Rows of the tables derived from each stream.
  std::map<SyncedStream*, RecordCounts> derived;
  /// Streams of which nothing more will come: complete once this is saved.
  std::vector<SyncedStream*> ends;
  int64_t uncommitted_bytes = 0;  ///< taken from the bound, given back by the ledger

  /// Adds what a lane of `stream` has flushed.
  void Add(SyncedStream& stream, FlushedRows rows);
};

/// The destination reported a commit.
struct CommitReport {
  CheckpointId id = 0;
  Status status;
  bool alone = false;  ///< of this checkpoint only
};

/// A load that goes on by itself is over.
struct LoadEnd {
  Status status;
};

/// The source's thread has nothing more to do: partitions read, Read returned.
struct SourceReturned {
  Status status;
};

/// Every queue is empty and every queued writer closed.
struct QueuesDrained {};

/// A stop token was requested; look at it.
struct StopRequested {};

using SyncEvent = std::variant<ReadyCheckpoint, CommitReport, LoadEnd, SourceReturned,
                               QueuesDrained, StopRequested>;

/// The way from every thread of a sync to the one that commits. Bounded by what the senders may
/// have under way: each checkpoint counts against SyncOptions::uncommitted_bytes_max. Thread-safe.
class SyncEvents : public CommitListener {
 public:
  void Post(SyncEvent event);
  /// The next event, in the order of posting; empty when the deadline passed first.
  std::optional<SyncEvent> Wait(Deadline deadline);

  void Committed(CheckpointId id) override { Post(CommitReport{id, Status::Ok()}); }
  void CommitFailed(CheckpointId id, const Status& why) override { Post(CommitReport{id, why}); }
  void CommittedAlone(CheckpointId id) override {
    Post(CommitReport{id, Status::Ok(), /*alone=*/true});
  }
  void LoadEnded(const Status& how) override { Post(LoadEnd{how}); }

 private:
  std::mutex mutex_;
  std::condition_variable posted_;
  std::deque<SyncEvent> events_;  // guarded by mutex_
};

}  // namespace millrace
