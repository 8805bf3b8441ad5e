#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "connector/source.h"
#include "sources/postgres/cursor_query.h"
#include "sources/postgres/cursor_state.h"
#include "sources/postgres/discovery.h"
#include "sources/postgres/snapshot.h"
#include "sources/postgres/stream_plan.h"

namespace millrace {

/// Everything that one sync reads, at one snapshot: taken when the first stream asks for it, held
/// until this object goes. What each stream turned out to be is remembered here. Thread-safe.
class SnapshotReader {
 public:
  SnapshotReader(ConnectionPool& pool, DiscoveryScope scope)
      : pool_(pool), scope_(std::move(scope)) {}

  /// Takes the snapshot and reads the catalog, unless that is done. A failure concerns every
  /// stream. The other methods do it themselves when it has not been done.
  Status Prepare(std::stop_token stop);

  /// The pieces in which a stream can be read without an order: of a full refresh, and of an
  /// incremental stream without a state. Empty: it is read by ReadByCursor.
  Result<std::vector<Partition>> Split(const ConfiguredStream& stream, const State& resume_from,
                                       std::stop_token stop);

  Status ReadPartition(const ConfiguredStream& stream, const Partition& partition,
                       SourceOutput& output, std::stop_token stop);

  /// The state after all pieces of a stream that was split.
  Result<StateMessage> StateAfterPartitions(const ConfiguredStream& stream, std::stop_token stop);

  /// Reads what is new since the saved state, in the cursor's order, with checkpoints on the way
  /// and one at the end.
  Status ReadByCursor(const ConfiguredStream& stream, const State& resume_from,
                      SourceOutput& output, std::stop_token stop);

 private:
  Status TakeSnapshot(std::stop_token stop);  // requires mutex_
  Result<StreamPlan*> PlanOf(const ConfiguredStream& stream, std::stop_token stop);
  /// The stream's upper bound: read once, at the snapshot; says how many rows have no cursor.
  Result<CursorBounds> BoundsOf(const StreamPlan& plan, const TableColumn& cursor,
                                std::stop_token stop);
  /// The condition that the rows of this sync meet; brings `saved` into canonical form.
  Result<std::string> ConditionSince(const StreamPlan& plan, const TableColumn& cursor,
                                     const CursorBounds& bounds, CursorState* saved,
                                     std::stop_token stop);

  ConnectionPool& pool_;
  const DiscoveryScope scope_;
  std::mutex mutex_;
  std::unique_ptr<Snapshot> snapshot_;  // set once, under mutex_
  bool validates_utf8_ = false;
  std::map<StreamDescriptor, PostgresTable> tables_;               // guarded by mutex_
  std::map<StreamDescriptor, std::unique_ptr<StreamPlan>> plans_;  // guarded by mutex_
  std::map<StreamDescriptor, CursorBounds> bounds_;                // guarded by mutex_
};

}  // namespace millrace
