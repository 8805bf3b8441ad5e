#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "connector/destination.h"
#include "pipeline/sync_summary.h"
#include "transform/metadata_mode.h"
#include "transform/normalization.h"

namespace millrace {

/// What a sync may be told beside its two ends. Every default is the product's. A plain value;
/// what it points to outlives the sync.
struct SyncOptions {
  std::string connection;     ///< the connection's name
  int64_t attempt = 1;        ///< counted by the one who starts attempts
  int64_t fencing_token = 0;  ///< every commit carries it

  MetadataMode metadata = MetadataMode::kCurrent;
  NormalizationOptions normalization;
  NumberFormat number_format = NumberFormat::kAuto;

  /// A writer with a waiting checkpoint flushes when this much time has passed since its stream's
  /// last flush, or this many bytes were written since. Zero: at every checkpoint. A full refresh
  /// by stream states is committed at its end only, unless the source can go on in the middle.
  std::chrono::milliseconds commit_interval = std::chrono::minutes(5);
  int64_t commit_bytes = 64 << 20;
  /// Deduplicated tables of files: how long staged changes may wait for their merge.
  std::chrono::milliseconds merge_interval{0};

  int writer_lanes = 0;       ///< the most writers of one stream; 0: min(hardware threads, 4)
  int partition_readers = 0;  ///< threads that read partitions; 0: as many as writer_lanes
  int writer_threads = 0;     ///< threads that write queued streams; 0: hardware threads, at most 8

  int64_t queue_bytes_max = 32 << 20;       ///< read but not yet written, all queues together
  int64_t writer_bytes_max = 96 << 20;      ///< the MemoryBudget of all open writers together
  int64_t uncommitted_bytes_max = 1 << 30;  ///< handed to Load::Commit, not yet reported durable

  /// Incremental streams whose saved state is not shown to the source: they start anew. It is
  /// replaced when the stream's first state of this sync is saved. A full refresh sees its state
  /// only where the catalog says that it goes on.
  std::vector<StreamDescriptor> start_anew;

  const Clock* clock = &Clock::System();  ///< stamps rows and file names; waits use the machine's
  ProgressListener* listener = nullptr;
  std::chrono::milliseconds progress_interval{250};

  /// Called before each thing that the destination commits, withdraws or shows, on the thread that
  /// then does it: opening the load, a commit, finishing a table. Blocks as long as it likes, until
  /// `abandoned`; a failure ends the sync without doing it. None: nothing holds commits up.
  std::function<Status(std::stop_token abandoned)> before_commit;

  /// Told how long the sync has been waiting for its destination: each second while a call into it
  /// lasts longer, and 0 when none does any more. From a thread of its own.
  std::function<void(std::chrono::milliseconds)> destination_waits;

  /// Requested by SIGINT or SIGTERM: the source is told to stop, what its last complete
  /// checkpoints cover is committed, within `finish_early_limit`; then as if canceled.
  std::stop_token finish_early;
  std::chrono::milliseconds finish_early_limit = std::chrono::seconds(20);

  /// How long after a stop the threads of the source and of the writers may take to come back.
  std::chrono::milliseconds cancel_limit = std::chrono::seconds(3);
  /// Called once when they did not, by a thread of its own: a call into a connector hangs that
  /// RunSync can't end, and threads are never abandoned. The callee should report the summary and
  /// end the process (nothing durable is harmed: it is as if it had crashed); when it returns,
  /// RunSync waits on.
  std::function<void(const SyncSummary&)> stuck;
};

}  // namespace millrace
