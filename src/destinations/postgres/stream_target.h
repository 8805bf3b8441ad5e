#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "clients/postgres/pg_connection.h"
#include "connector/destination.h"
#include "destinations/postgres/landing.h"
#include "destinations/postgres/load_ledger.h"
#include "destinations/postgres/stage.h"
#include "destinations/postgres/table_swap.h"

namespace millrace {

/// What the configuration says about tables. A plain value.
struct TargetOptions {
  Dependents dependents = Dependents::kKeep;
  bool hard_delete = true;
  bool raw = false;  ///< disable_type_dedupe: raw tables only
};

/// One stream's table during one load: its staging tables, and how what they hold becomes visible.
/// Owned by the load. Recover, Commit, Finish and DropStages belong to the load's thread and run
/// inside the caller's transaction, which may be tried again: what they remember changes only in
/// Settled, after it was committed. OpenPiece and ClosePiece are the writers', from any thread.
class StreamTarget {
 public:
  /// All of them outlive the target.
  StreamTarget(const ConfiguredStream& stream, TableName table, const TargetOptions& options,
               const LoadContext& context, const LoadLedger& ledger);

  const ConfiguredStream& stream() const { return stream_; }
  const TableName& table() const { return table_; }
  const TargetOptions& options() const { return options_; }
  bool deduplicates() const { return stream_.deduplicates() && !options_.raw; }

  /// Takes the table over from attempts before this one: withdraws what they committed and nobody
  /// saved, drops what they staged.
  Status Recover(PgConnection& connection);

  /// A piece to write, in the staging table of these columns; made when there is none.
  struct Piece {
    Stage stage;
    int64_t number = 0;
  };
  Result<Piece> OpenPiece(PgConnection& connection, const std::vector<TargetColumn>& columns,
                          const RowMarks& marks);
  /// Nothing more is written to it. Its rows are durable, or were removed (rows 0).
  void ClosePiece(const StagedPiece& piece);
  /// Its rows, closed before, were removed.
  void ForgetPiece(const StagedPiece& piece);
  /// The columns of the stream now: a table without rows is made with them.
  void SetColumns(const std::vector<TargetColumn>& columns);
  /// What one row per key means, in the table's names. Before the first piece.
  void SetRule(const MergeRule& rule);

  /// Of a full refresh that goes on: whether what it committed is here. After Recover.
  bool has_commits() const { return has_commits_; }

  /// A full refresh in one go keeps its pieces for Finish; other streams land them at each commit.
  bool lands_at_commit() const { return stream_.keeps_commits(); }
  void Keep(CheckpointId checkpoint, const std::vector<StagedPiece>& pieces);
  /// Lands the pieces. Requires lands_at_commit().
  Status Commit(PgConnection& connection, CheckpointId checkpoint,
                const std::vector<StagedPiece>& pieces);
  /// Whether a transaction whose outcome is unknown was committed.
  Result<bool> HasCommitted(PgConnection& connection, CheckpointId checkpoint) const;
  Status Finish(PgConnection& connection, StreamStatus status);
  Result<bool> HasFinished(PgConnection& connection) const;
  /// The transaction of the last Commit or Finish was committed.
  void Settled();
  /// Drops every staging table of this load.
  Status DropStages(PgConnection& connection);

 private:
  /// A staging table and who uses it.
  struct StageUse {
    Stage stage;
    int open = 0;
    int64_t pieces = 0;   ///< closed with rows, not landed
    bool sealed = false;  ///< takes no more pieces
  };
  /// Rows of one staging table that are landed together.
  struct Batch {
    Stage stage;
    LandingTraits traits;
    int64_t pieces = 0;
    bool exclusive = false;  ///< the table holds nothing else
    bool truncates = false;
  };

  /// A full refresh that appends in steps: hidden until it is complete.
  bool appends_hidden() const { return stream_.in_steps && !stream_.replaces_table(); }
  bool CanGoOn(const TableNote& note) const;
  Status Withdraw(PgConnection& connection);
  Status DropOldStages(PgConnection& connection, const std::string& keep);
  Status CheckOwner(const TableNote& note, const ExistingTable& table) const;
  Result<std::vector<Batch>> BatchesOf(PgConnection& connection,
                                       const std::vector<StagedPiece>& pieces);
  /// Moves the batches into `into`, which is made when it is not there.
  Status Land(PgConnection& connection, const TableName& into, CheckpointId checkpoint,
              std::vector<Batch> batches);
  Status LandInto(PgConnection& connection, const TableName& into, const ExistingTable& existing,
                  const Batch& batch, CommitNote& note);
  /// One staging table with the rows of all, empty when there are none.
  Result<Batch> Combine(PgConnection& connection, std::vector<Batch> batches);
  Result<Stage> MakeStage(PgConnection& connection, const std::vector<TargetColumn>& columns,
                          const RowMarks& marks, bool logged);
  Status Replace(PgConnection& connection, TableNote& note);
  /// Shows the rows of a full refresh that appended in steps.
  Status AddNext(PgConnection& connection, TableNote& note);
  /// The table of a generation built over several attempts, with its columns.
  Result<Stage> NextStage(PgConnection& connection, const TableNote& note) const;
  Status RemoveOldGenerations(PgConnection& connection);
  std::vector<TargetColumn> Columns() const;
  Status DropTable(PgConnection& connection, const TableName& table);

  const ConfiguredStream& stream_;
  const TableName table_;
  const TargetOptions options_;
  const LoadContext& context_;
  const LoadLedger& ledger_;
  const std::string stage_prefix_;

  // The load's thread only.
  bool replacing_ = false;         // a hidden generation replaces what readers see
  bool has_commits_ = false;       // see has_commits
  bool ours_ = true;               // the visible table was made by a sync
  std::string next_table_;         // of a generation built over several attempts
  CheckpointId newest_ = 0;        // checkpoint that was committed
  int64_t inserted_commits_ = 0;   // of this load, found again by xmin
  std::vector<StagedPiece> kept_;  // a full refresh's in one go, for Finish
  // What the transaction under way changes; see Settled.
  std::vector<StagedPiece> landing_;
  bool landing_finish_ = false;
  std::string landing_next_;
  int64_t landing_inserted_ = 0;

  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<StageUse>> stages_;  // guarded by mutex_
  std::vector<TargetColumn> columns_;              // guarded by mutex_
  MergeRule rule_;                                 // guarded by mutex_
  int64_t next_piece_ = 1;                         // guarded by mutex_
  int next_stage_ = 1;                             // guarded by mutex_
  bool landed_exists_ = false;                     // guarded by mutex_: the table rows land in
};

}  // namespace millrace
