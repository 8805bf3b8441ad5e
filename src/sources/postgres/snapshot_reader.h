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
#include "sources/postgres/page_read.h"
#include "sources/postgres/postgres_config.h"
#include "sources/postgres/snapshot.h"
#include "sources/postgres/stream_plan.h"
#include "sources/postgres/xmin_state.h"

namespace millrace {

/// Everything that one sync reads, at one snapshot: taken when the first stream asks for it, held
/// until this object goes. What each stream turned out to be is remembered here. Thread-safe.
class SnapshotReader {
 public:
  SnapshotReader(ConnectionPool& pool, DiscoveryScope scope, ReplicationMethod method)
      : pool_(pool), scope_(std::move(scope)), method_(method) {}

  /// Takes the snapshot and reads the catalog, unless that is done. A failure concerns every
  /// stream. The other methods do it themselves when it has not been done.
  Status Prepare(std::stop_token stop);

  /// The pieces in which a stream can be read without an order: of a full refresh, of a cursor's
  /// first read, of every read by transaction ids. They go on where a saved state stopped, unless
  /// the table was rewritten since. Empty: the stream is read by ReadByCursor.
  Result<std::vector<Partition>> Split(const ConfiguredStream& stream, const State& resume_from,
                                       std::stop_token stop);

  /// Whether a full refresh that was interrupted can go on; takes the snapshot.
  Result<bool> CanGoOn(const ConfiguredStream& stream, const State& saved, std::stop_token stop);

  Status ReadPartition(const ConfiguredStream& stream, const Partition& partition,
                       SourceOutput& output, std::stop_token stop);

  /// Whether a stream that was split has a state after some of its pieces.
  bool HasStatesOnTheWay(const ConfiguredStream& stream);
  /// The state after the first `done` pieces of a stream that was split, or after all.
  Result<StateMessage> StateAfterPartitions(const ConfiguredStream& stream, size_t done,
                                            std::stop_token stop);

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
  void PlanFullRefresh(const ConfiguredStream& stream, const StreamPlan& plan,
                       const State& resume_from, PageRead* read);
  /// Look at the saved state, and fill in where to start, a condition, the state at the end.
  Status PlanByXid(const ConfiguredStream& stream, const StreamPlan& plan, const State& resume_from,
                   PageRead* read, std::string* condition);
  /// False: the stream is not read by pages.
  Result<bool> PlanByCursor(const ConfiguredStream& stream, const StreamPlan& plan,
                            const State& resume_from, PageRead* read,
                            std::optional<std::string>* cursor_max, std::stop_token stop);
  /// Takes a read up again when the table is still the same.
  void Resume(const ConfiguredStream& stream, const PostgresTable& table, CtidState state,
              PageRead* read);
  Result<Json> CursorStateAtEnd(const ConfiguredStream& stream, const PageRead& read,
                                std::stop_token stop);
  /// The rows at the cursor's last value, as hashes into `state`.
  Status CollectRowHashes(StreamPlan& plan, const TableColumn& cursor,
                          const std::string& more_condition, CursorState* state,
                          std::stop_token stop);
  /// What `saved` knows of the rows at its value, where it can't be compared with them any more.
  Status AdaptToColumns(StreamPlan& plan, const TableColumn& cursor, CursorState* saved,
                        std::stop_token stop);
  /// The condition that the rows of this sync meet; brings `saved` into canonical form.
  Result<std::string> ConditionSince(const StreamPlan& plan, const TableColumn& cursor,
                                     const CursorBounds& bounds, CursorState* saved,
                                     std::stop_token stop);

  ConnectionPool& pool_;
  const DiscoveryScope scope_;
  const ReplicationMethod method_;
  std::mutex mutex_;
  std::unique_ptr<Snapshot> snapshot_;  // set once, under mutex_
  bool validates_utf8_ = false;
  XidSnapshot xids_;  // set with snapshot_, where transaction ids count
  std::map<StreamDescriptor, PostgresTable> tables_;               // guarded by mutex_
  std::map<StreamDescriptor, std::unique_ptr<StreamPlan>> plans_;  // guarded by mutex_
  std::map<StreamDescriptor, CursorBounds> bounds_;                // guarded by mutex_
  std::map<StreamDescriptor, PageRead> reads_;                     // guarded by mutex_
};

}  // namespace millrace
