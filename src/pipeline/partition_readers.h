#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "connector/source.h"
#include "pipeline/lane.h"

namespace millrace {

/// Reads the streams that a source can split: N threads take partitions, large streams first, and
/// each writes through a lane of its own, on its own thread and without a queue: the fast path.
/// A stream's lanes are flushed when nothing of it is left to take; the last one to do so hands
/// all parts to the ledger with the state that says "read". Where the source has states on the way,
/// the lanes rest together now and then, each at the end of its partition: what they have flushed
/// then is the stream's first partitions, all of them, and becomes a checkpoint.
class PartitionReaders {
 public:
  /// All of it outlives the readers.
  PartitionReaders(PartitionedSource& source, SyncContext& context, const State& resume_from);

  /// Splits every stream, reads all partitions and returns the streams that Read has to read.
  /// Blocks until all reader threads have ended. A failed stream is marked so and left out; an
  /// error of Split that names no stream fails everything. kCanceled after a stop.
  Result<std::vector<SyncedStream*>> Run(const std::vector<SyncedStream*>& streams);

 private:
  /// A split stream on its way. Guarded by mutex_ but for what is said otherwise.
  struct Table {
    SyncedStream* stream;
    std::vector<Partition> partitions;  // constant
    size_t next = 0;                    ///< the first partition that nobody has taken
    int active = 0;                     ///< readers that have a lane
    int lanes_opened = 0;
    size_t done = 0;
    /// Between checkpoints on the way; constant.
    std::optional<std::chrono::milliseconds> interval;
    SteadyTime last_checkpoint{};
    bool pausing = false;  ///< nothing is handed out until all lanes rest
    int resting = 0;       ///< lanes that have flushed for the checkpoint
    int64_t rests = 0;     ///< how often they have rested: the next rest may begin at once
    FlushedRows rows;
  };

  Result<std::vector<SyncedStream*>> SplitAll(const std::vector<SyncedStream*>& streams);
  void ReadLoop();
  void ReadTable(Table& table, int lane_number, const Partition* partition);
  /// Reads one partition; false: leave the stream.
  bool ReadOne(Table& table, const Partition& partition, Lane& lane);
  /// A stream, a lane of it and its next partition; null: nothing is left for another reader.
  Table* ClaimTable(int* lane_number, const Partition** partition);
  const Partition* ClaimPartition(Table& table);
  /// Makes a checkpoint with the other lanes when one is due. False: leave the stream.
  bool RestIfDue(Table& table, Lane& lane);
  /// All lanes rest: posts what they have flushed, and wakes them. Takes mutex_ itself.
  void CheckpointOnTheWay(Table& table);
  bool FlushInto(Table& table, Lane& lane);
  /// What the source says to the first `count` partitions, in their order.
  Result<StateMessage> StateAfter(const Table& table, size_t count);
  void Leave(Table& table, Lane& lane, bool failed);
  void End(Table& table);
  int LanesMax() const;

  PartitionedSource& source_;
  SyncContext& context_;
  const State& resume_from_;

  std::mutex mutex_;
  std::condition_variable_any rested_;  ///< a checkpoint on the way was made, or given up
  std::deque<Table> tables_;            ///< largest first; guarded by mutex_ once readers run
  std::mutex state_mutex_;              ///< StateAfter is called by one thread at a time
};

}  // namespace millrace
