#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "connector/change_batch.h"
#include "protocol/catalog.h"
#include "protocol/message.h"
#include "protocol/state.h"

namespace millrace {

using SchemaPtr = std::shared_ptr<arrow::Schema>;

/// Where a source puts what it reads. The pipeline owns it; it outlives the read. Thread-safe, but
/// the order of two calls about one stream is the order in which they were made.
///
/// Life of a stream: ReportStatus(kStarted); Open; any number of Emit, Truncate, Checkpoint, and
/// Open again when the schema changes; ReportStatus(kComplete) or (kIncomplete, why).
class SourceOutput {
 public:
  virtual ~SourceOutput() = default;

  /// Before the first batch of a stream, also of one without rows (its table is still made); again
  /// when the schema changes. Field order is the table's; a non-nullable field holds no null ever.
  virtual Status Open(const StreamDescriptor& stream, const SchemaPtr& schema) = 0;

  /// Hands over rows of the schema last opened. Blocks while the pipeline is full.
  /// kDeadline: nothing was taken; answer your keepalives and call again with the same batch.
  /// kStreamStopped: this stream's writing failed: give it up, go on with the others.
  /// kCanceled: stop reading and return it.
  virtual Status Emit(const StreamDescriptor& stream, ChangeBatch batch, Deadline deadline) = 0;

  /// Everything emitted before is void (the table was emptied at the source). In band.
  virtual Status Truncate(const StreamDescriptor& stream) = 0;

  /// Says how far the source has come: covers every batch emitted before it, of its stream or,
  /// when global, of all its streams. Saved once that data is durable; then acknowledged.
  virtual Status Checkpoint(StateMessage state) = 0;

  /// `error` says why a stream is kIncomplete.
  virtual void ReportStatus(const StreamDescriptor& stream, StreamStatus status,
                            std::optional<Error> error = std::nullopt) = 0;

  /// An estimate of a stream's rows and bytes, for progress. Either may be absent.
  virtual void ReportEstimate(const StreamDescriptor& stream, std::optional<int64_t> rows,
                              std::optional<int64_t> bytes) = 0;
};

/// A system that records come from. Made from its configuration by a ConnectorEntry; making one
/// contacts nothing. Methods are called from one thread unless they say otherwise, in the order
/// Check | Discover | Read.
class Source {
 public:
  virtual ~Source() = default;

  /// Ok when the configuration works against the real system: the least that proves it.
  virtual Status Check() = 0;

  /// What can be read. Few round trips, however many streams there are.
  virtual Result<Catalog> Discover() = 0;

  /// Reads every stream of the catalog from where `resume_from` says, and returns when all have
  /// ended (or `stop` was requested: kCanceled). A failed stream is reported with its error and
  /// the others go on; Read itself fails only when nothing can go on. Uses threads of its own or
  /// none. The catalog holds only the streams that were not read by partitions.
  virtual Status Read(const ConfiguredCatalog& catalog, const State& resume_from,
                      SourceOutput& output, std::stop_token stop) = 0;

  /// `saved` is stored and its data durable: a replication slot may move. From any thread; must
  /// not block.
  virtual void Acknowledge(const State& saved) { (void)saved; }
};

/// One piece of a stream that can be read apart from the others.
struct Partition {
  StreamDescriptor stream;
  /// Unique within the stream and the same for the same piece in a later attempt.
  std::string id;
  /// What ReadPartition needs, in a form that can travel to another machine.
  JsonValue spec;
};

/// A source whose snapshots can be read in pieces, in parallel. The pipeline splits each stream,
/// reads the partitions on several threads, then calls Read for the streams that were not split.
class PartitionedSource : public Source {
 public:
  /// The stream's pieces; empty: Read reads the stream. One thread, before any ReadPartition. A
  /// failure whose error names the stream is that stream's; any other ends the whole read.
  virtual Result<std::vector<Partition>> Split(const ConfiguredStream& stream,
                                               const State& resume_from) = 0;

  /// Emits the partition's rows, opening the stream first; never checkpoints, never reports a
  /// status. From several threads at once, each with an output of its own.
  virtual Status ReadPartition(const ConfiguredStream& stream, const Partition& partition,
                               SourceOutput& output, std::stop_token stop) = 0;

  /// The state that says "these partitions have been read"; called with all of them at the end
  /// of the stream. From one thread at a time, after those ReadPartition calls returned.
  virtual Result<StateMessage> StateAfter(const ConfiguredStream& stream,
                                          const std::vector<std::string>& done) = 0;
};

}  // namespace millrace
