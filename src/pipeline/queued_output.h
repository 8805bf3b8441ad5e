#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

#include "connector/source.h"
#include "pipeline/stream_queue.h"

namespace millrace {

/// What Read writes into: a queue for each of its streams, worked off by a pool of writer threads.
/// Sends global checkpoints through all queues. The source's threads push; nothing here waits
/// except for bytes to come free.
class QueuedOutput : public SourceOutput {
 public:
  /// Everything outlives the output. `resume_from` is what Read was given.
  QueuedOutput(SyncContext& context, const std::vector<SyncedStream*>& streams,
               const State& resume_from);

  Status Open(const StreamDescriptor& stream, const SchemaPtr& schema) override;
  Status Emit(const StreamDescriptor& stream, ChangeBatch batch, Deadline deadline) override;
  Status Truncate(const StreamDescriptor& stream) override;
  Status Checkpoint(StateMessage state) override;
  void ReportStatus(const StreamDescriptor& stream, StreamStatus status,
                    std::optional<Error> error) override;
  void ReportEstimate(const StreamDescriptor& stream, std::optional<int64_t> rows,
                      std::optional<int64_t> bytes) override;

  /// Lets checkpoints that wait flush if they are due by now. Any thread, every so often.
  void Nudge();

  /// After Read has returned (`read`: what it returned): commits what may be, closes the writers,
  /// then posts QueuesDrained. Returns at once. Nothing may be pushed afterwards.
  void Drain(const Status& read);

  /// A writer failed, and global states had to stop before it: nothing that came later counts.
  bool global_broken() const;

 private:
  /// One stream, as the source's side sees it.
  struct Inlet {
    std::unique_ptr<StreamQueue> queue;
    std::atomic<bool> opened = false;
    std::atomic<bool> ended = false;
    std::atomic<bool> mentioned = false;
  };

  /// The stream's inlet if more of it is taken, else why not.
  Result<Inlet*> Find(const StreamDescriptor& stream);
  Status Misuse(Inlet& inlet, const Status& why);
  Status PushControl(Inlet& inlet, QueueItem item);
  Status CheckpointGlobal(StateMessage state);
  bool GlobalDue() const;
  void StartRound(std::optional<StateMessage> state);  // requires push_mutex_ held exclusively
  Status WhyUnended(const Inlet& inlet, const Status& read) const;

  SyncContext& context_;
  std::unordered_map<StreamDescriptor, Inlet> inlets_;  ///< constant after construction
  std::atomic<size_t> undrained_;

  /// Pushes of rows hold it shared, those of global checkpoints exclusively: a checkpoint stands
  /// at one place between all rows.
  std::shared_mutex push_mutex_;
  std::atomic<bool> global_seen_ = false;
  std::optional<StateMessage> global_state_;     ///< the newest; guarded by push_mutex_
  bool global_waits_ = false;                    ///< for a round; guarded by push_mutex_
  std::atomic<bool> rows_since_global_ = false;  ///< since global_state_
  std::atomic<int64_t> bytes_since_round_ = 0;
  SteadyTime last_round_;  // guarded by push_mutex_

  WriterPool pool_;  ///< last: its threads end before the queues go
};

}  // namespace millrace
