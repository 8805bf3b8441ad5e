#pragma once

#include <arrow/type_fwd.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/memory_budget.h"
#include "base/result.h"
#include "connector/change_batch.h"
#include "connector/source.h"
#include "protocol/catalog.h"
#include "protocol/merge_totals.h"
#include "protocol/message.h"
#include "protocol/state.h"
#include "protocol/state_store.h"

namespace millrace {

/// What a file destination does with numbers of unknown precision (PRODUCT: number_format).
enum class NumberFormat { kAuto, kDouble, kDecimal, kString };

/// What a load has to know about the attempt that it serves. Everything it points to outlives the
/// load.
struct LoadContext {
  std::string connection;       ///< the connection's name
  int64_t attempt = 0;          ///< counted by the one who starts attempts
  int64_t fencing_token = 0;    ///< every commit carries it; a newer one there means: stop
  std::string epoch;            ///< random id of this run of states; see the withdrawal rule below
  CheckpointId last_saved = 0;  ///< the newest checkpoint of the epoch whose state was saved
  WallTime started_at{};        ///< names files, stamps rows
  int lanes = 1;                ///< the most writers that one stream will have at a time
  NumberFormat number_format = NumberFormat::kAuto;
  /// Deduplicated tables of files: how long staged changes may wait for their merge. Zero: every
  /// FinishStream merges.
  std::chrono::milliseconds merge_interval{0};
  /// Requested once nothing more will be committed: what waits (transfers, pauses between retries)
  /// gives up at once, with kCanceled.
  std::stop_token abandon;
  const Clock* clock = nullptr;
  MemoryBudget* memory = nullptr;  ///< shared by every open writer of the attempt
};

/// Data of one writer that is durable but, perhaps, not yet visible. `parts` is the destination's
/// own description of it, in a form that can travel to another process.
struct StagedParts {
  StreamDescriptor stream;
  int lane = 0;
  JsonValue parts;
  int64_t records = 0;
  int64_t bytes = 0;
  /// Values that the writer nulled or cut because the destination can't hold them.
  int64_t values_changed = 0;

  bool empty() const { return records == 0; }
};

/// A state, and the id of what it covers.
struct Checkpoint {
  CheckpointId id = 0;
  StateMessage state;
};

/// Hears of durable commits. Thread-safe; must not block for long.
class CommitListener {
 public:
  virtual ~CommitListener() = default;
  /// Everything up to and including checkpoint `id` is durable and committed.
  virtual void Committed(CheckpointId id) = 0;
  /// The commit of `id`, and so all later ones, failed.
  virtual void CommitFailed(CheckpointId id, const Status& why) = 0;

  // Of destinations that commit when they like, each stream for itself.
  /// Checkpoint `id` is durable and committed, and so is every earlier one that it covers: those of
  /// its stream, or all when it is global. Each of them was reported before it.
  virtual void CommittedAlone(CheckpointId id) { (void)id; }
  /// Of a load whose EndInput returned true, or that broke off before: it is over. Ok: all that
  /// came is written; the checkpoints that were not reported were not confirmed, so that their
  /// states are not to be saved. The last report.
  virtual void LoadEnded(const Status& how) { (void)how; }
};

/// One lane of one stream. One thread at a time.
class StreamWriter {
 public:
  virtual ~StreamWriter() = default;

  /// Takes rows in the schema that it was opened with, or in the one last given to SetSchema. A
  /// writer that has no stored row to look into writes an unchanged value as null with a meta
  /// change. A value that can't be held becomes null with a meta change, counted.
  virtual Status Write(const ChangeBatch& batch) = 0;

  /// The batches that follow have another schema (a column added, dropped, widened).
  virtual Status SetSchema(const SchemaPtr& schema) = 0;

  /// All rows before are void. Default: logged and ignored, as Airbyte does.
  virtual Status Truncate();

  /// Makes everything written so far durable, perhaps hidden, and hands it over for a commit. The
  /// writer can go on. Blocks for I/O.
  virtual Result<StagedParts> Flush() = 0;
};

/// One attempt's writing into a destination. Owned by the pipeline, which calls Commit,
/// FinishStream and Close from one thread, and OpenWriter from any.
class Load {
 public:
  virtual ~Load() = default;

  /// A writer for one lane of a stream; the stream's table is made by FinishStream at the latest,
  /// also when no row comes. `schema` is what transform delivers: metadata columns included.
  virtual Result<std::unique_ptr<StreamWriter>> OpenWriter(const ConfiguredStream& stream,
                                                           const SchemaPtr& schema, int lane) = 0;

  /// Commits staged parts under the checkpoint's id, in checkpoint order. In append modes the rows
  /// are visible afterwards (full refresh: at FinishStream). Of a stream that keeps_commits() they
  /// outlive this attempt. May return before it is durable: the listener hears when it is.
  virtual Status Commit(const Checkpoint& checkpoint, std::vector<StagedParts> parts) = 0;

  /// No row of the stream follows, and its last checkpoint was handed over. Long before
  /// FinishStream, which waits for that commit; only of streams that are complete.
  virtual Status EndStream(const StreamDescriptor& stream);
  /// Nothing follows at all, of any stream; a stream without its EndStream is not complete. True:
  /// the load goes on by itself and reports its end to the listener. Does not wait for it.
  virtual bool EndInput() { return false; }
  /// False while so many checkpoints are uncommitted that fewer would do: those at the streams'
  /// ends still come. From any thread; answers from memory.
  virtual bool WantsCheckpoint() const { return true; }

  /// kComplete: swap or merge what the stream wrote, and remove generations below its
  /// minimum_generation_id. kIncomplete: what is committed stays (hidden, when a generation is
  /// being replaced). Durable when it returns.
  virtual Status FinishStream(const StreamDescriptor& stream, StreamStatus status) = 0;

  /// Of a stream that goes_on: whether all that its generation committed up to
  /// LoadContext::last_saved is there to go on with. False: RunSync opens the load again, and the
  /// stream starts anew. After opening only; answers from memory.
  virtual bool HasCommitsOf(const StreamDescriptor& stream) const {
    (void)stream;
    return false;
  }
  /// What merging took since this was asked last, by FinishStream and on opening. The same thread.
  virtual MergeTotals TakeMergeTotals(const StreamDescriptor& stream);

  /// Every commit has been reported or has failed; uncommitted data is cleaned up.
  virtual Status Close() = 0;
};

/// A system that records go to.
///
/// Withdrawal: OpenLoad first removes what this epoch committed after `last_saved` (all that this
/// epoch committed, when that is 0), because the source will deliver it again. Nothing is withdrawn
/// across epochs. A destination that has no place for checkpoint ids is at-least-once and says so.
class Destination {
 public:
  virtual ~Destination() = default;

  /// Ok when the configuration works: writes, reads back and removes a probe of its own.
  virtual Status Check() = 0;

  /// Whether it makes Airbyte's metadata itself: rows come without such columns, with
  /// ChangeBatch::changes and extracted_at beside them.
  virtual bool makes_metadata() const { return false; }

  virtual Result<std::unique_ptr<Load>> OpenLoad(const ConfiguredCatalog& catalog,
                                                 const LoadContext& context,
                                                 CommitListener& listener) = 0;
};

}  // namespace millrace
