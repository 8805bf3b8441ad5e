#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <variant>

#include "pipeline/global_round.h"
#include "pipeline/lane.h"
#include "pipeline/writer_pool.h"

namespace millrace {

// What travels through a stream's queue, in band.
struct OpenItem {
  SchemaPtr schema;
};
struct TruncateItem {};
struct CheckpointItem {
  StateMessage state;
};
/// kComplete or kIncomplete (why: the status).
struct EndItem {
  bool complete = true;
  Status why;
  /// The stream's states are (perhaps) the global ones: wait for the next of them.
  bool await_global = false;
};
/// Time has passed: flush if the last thing in the queue was a checkpoint, and it is due.
struct NudgeItem {};
/// The source has returned: commit what may be, close the writer.
struct DrainItem {
  bool global = false;  ///< ends and rows go with global states only: the last round has passed
  Status read;          ///< what Read returned
  Status unended;       ///< why a stream that never said it was complete isn't
};
using QueueItem = std::variant<OpenItem, ChangeBatch, TruncateItem, CheckpointItem,
                               std::shared_ptr<GlobalRound>, EndItem, NudgeItem, DrainItem>;

/// The way of one stream from Read to its writer: a queue in arrival order (bounded by the bytes
/// that its pusher took from SyncContext::queue_bytes), worked off by one writer thread at a time
/// into one lane. Decides when a checkpoint is worth a flush.
class StreamQueue : public WriterTask {
 public:
  /// `resumed`: the stream's saved state, for an end without any state of its own.
  /// `on_drained` is called once, after the DrainItem.
  StreamQueue(SyncContext& context, WriterPool& pool, SyncedStream& stream,
              std::optional<StateMessage> resumed, std::function<void()> on_drained);

  SyncedStream& stream() { return stream_; }

  /// Appends; `bytes` were taken from queue_bytes and go back when the item is done. Any thread.
  void Push(QueueItem item, int64_t bytes);
  /// True once whenever a NudgeItem may be of use. Any thread.
  bool TakeCheckpointWaits() { return checkpoint_waits_.exchange(false); }
  /// Rows were lost on the way: no global state that covers them may be saved. Any thread.
  bool broken() const { return broken_; }

  bool RunSome() override;

 private:
  struct Entry {
    QueueItem item;
    int64_t bytes;
  };

  void Process(QueueItem item);
  void On(OpenItem item);
  void On(ChangeBatch batch);
  void On(TruncateItem item);
  void On(CheckpointItem item);
  void On(std::shared_ptr<GlobalRound> round);
  void On(EndItem item);
  void On(NudgeItem item);
  void On(DrainItem item);

  bool incremental() const;
  /// A checkpoint waits and is worth a flush.
  bool Due() const;
  /// Flushes and sends it off under `state`; with `ends`, as the last of the stream.
  void Stage(std::optional<StateMessage> state, bool ends);
  /// Stages the end of the stream, under `state` if anything is left that needs one.
  void StageEnd(const StateMessage& state);
  /// The newest state that stands for rows without a state after them.
  StateMessage LastState() const;
  /// Writing failed: the stream is given up.
  void Fail(const Status& why);
  void Close();
  bool Gone() const { return closed_ || stream_.stopped() || context_.abandon.stop_requested(); }

  SyncContext& context_;
  WriterPool& pool_;
  SyncedStream& stream_;
  const std::function<void()> on_drained_;

  std::mutex mutex_;
  std::deque<Entry> entries_;  // guarded by mutex_
  bool scheduled_ = false;     // guarded by mutex_

  // Of the writer thread that has its turn.
  Lane lane_;
  std::optional<StateMessage> last_state_;  ///< the newest seen, or the one resumed from
  bool at_checkpoint_ = false;              ///< last_state_ covers all that was written
  bool uncovered_ = false;                  ///< something was written after the last state
  bool own_states_ = false;                 ///< the source checkpoints this stream by itself
  std::optional<EndItem> end_;              ///< came, and its rows wait for a global state
  bool closed_ = false;                     ///< the writer is gone
  SteadyTime last_flush_;
  std::atomic<bool> checkpoint_waits_ = false;
  std::atomic<bool> broken_ = false;
};

}  // namespace millrace
