#pragma once

#include <optional>
#include <string>
#include <vector>

#include "clients/postgres/pg_connection.h"
#include "destinations/postgres/existing_table.h"
#include "destinations/postgres/merge_sql.h"
#include "destinations/postgres/stage.h"

namespace millrace {

/// What the rows that are landed look like.
struct LandingTraits {
  int64_t rows = 0;        ///< that the stage must hold
  bool null_keys = false;  ///< see StagedPiece
  bool unsent = false;
};

/// Brings staged rows to where they stay. Every function runs inside the caller's transaction and
/// leaves nothing half done when that is rolled back. `stage` holds only rows to be landed.
class Landing {
 public:
  /// `rule` outlives this.
  Landing(PgConnection& connection, const MergeRule& rule) : connection_(connection), rule_(rule) {}

  /// Leaves one row per key in the stage, without deletes: a stage that will be a table itself.
  Status Settle(const Stage& stage, const LandingTraits& traits);
  /// Adds or merges the stage's rows into `table`, which has evolved to hold them. Gives the number
  /// of rows added.
  Result<int64_t> MoveInto(const TableName& table, const ExistingTable& existing,
                           const Stage& stage, const LandingTraits& traits);
  /// Makes the stage the table `name`, which does not exist: drops its marks, moves and renames it.
  Status Become(const TableName& name, const Stage& stage);
  /// The index that merges look keys up by, on `table`; another key's is dropped. A key that can't
  /// be indexed is merged without, with a warning. `identity` names the index.
  Status EnsureKeyIndex(const TableName& table, const TableName& identity);

 private:
  Status CheckRows(const Stage& stage, int64_t rows);
  /// Runs the statement; nothing to do when it is empty.
  Status Run(const std::string& sql);
  Result<std::vector<std::vector<bool>>> Patterns(const MergeSql& sql, bool null_keys);
  /// The stage with its columns of the table's types.
  Result<Stage> Aligned(const ExistingTable& existing, const Stage& stage);
  Status FillUnsentInStage(const MergeSql& sql, const Stage& stage, bool null_keys);

  PgConnection& connection_;
  const MergeRule& rule_;
};

/// Removes from `table` (as SQL spells it) what a commit inserted; the number of rows removed.
/// `transaction` is CommitNote's.
Result<int64_t> RemoveInserted(PgConnection& connection, const std::string& table,
                               int64_t transaction);

}  // namespace millrace
