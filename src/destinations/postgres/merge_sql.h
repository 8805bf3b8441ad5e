#pragma once

#include <string>
#include <vector>

#include "destinations/postgres/existing_table.h"
#include "destinations/postgres/stage.h"

namespace millrace {

/// How the rows of a stream become one per key: connector/deduplication.md in SQL. Names are the
/// table's. A plain value.
struct MergeRule {
  std::vector<std::string> key;         ///< empty: rows are only added
  std::vector<std::string> replace_by;  ///< of derived streams: then `key` says nothing
  std::string cursor;                   ///< chosen by the user; empty: arrival decides
  bool hard_delete = true;

  bool deduplicates() const { return !key.empty() || !replace_by.empty(); }
  /// The columns that say which stored rows a change replaces.
  const std::vector<std::string>& unit() const { return replace_by.empty() ? key : replace_by; }
};

/// The statements of a merge, in the order in which merges run them. `stage` holds nothing but the
/// rows to be merged; `table` is where they go, which has evolved to hold them.
class MergeSql {
 public:
  MergeSql(const MergeRule& rule, const Stage& stage);

  /// Which parts of keys are null together: a column "t" or "f" per part of the unit, one row per
  /// combination that the stage holds. Nulls compare equal by these, and joins stay fast.
  std::string NullPatterns() const;

  /// Takes values that were not sent from the change before, within the stage: one statement per
  /// column of `columns` (their numbers in the stage).
  std::string FillUnsentFromStage(int column, bool null_keys) const;
  /// Leaves of each key (or set) the change that counts.
  std::string RemoveSuperseded() const;
  /// Takes what is still unsent from the stored rows.
  std::string FillUnsentFromTable(const TableName& table, const ExistingTable& existing,
                                  const std::vector<bool>& nulls) const;
  /// Notes in _airbyte_meta what nobody had; empty when the stage has no such column.
  std::string NoteUnfound() const;
  /// Removes changes that a stored row outdoes; empty without a user cursor.
  std::string RemoveStale(const TableName& table, const ExistingTable& existing,
                          const std::vector<bool>& nulls) const;
  /// Removes the stored rows that the stage's changes replace.
  std::string RemoveReplaced(const TableName& table, const ExistingTable& existing,
                             const std::vector<bool>& nulls) const;
  /// Removes from the stage what is a delete, or an empty set; empty when there is no such thing.
  std::string RemoveDeletes() const;
  /// Adds what the stage holds.
  std::string Insert(const TableName& table, const ExistingTable& existing) const;

 private:
  const TargetColumn& Column(const std::string& name) const;
  /// t.a = s.a AND t.b IS NULL …, by the pattern; casts where the table's type is wider.
  std::string KeyMatches(const ExistingTable& existing, const std::vector<bool>& nulls) const;
  /// A column for sorting or comparing text byte by byte.
  std::string Bytewise(const std::string& alias, const std::string& name) const;
  std::string UnitList(const std::string& alias) const;

  const MergeRule& rule_;
  const Stage& stage_;
  const std::string source_;  // the stage, quoted
};

}  // namespace millrace
