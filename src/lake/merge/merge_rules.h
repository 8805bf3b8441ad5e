#pragma once

#include <string>
#include <vector>

namespace millrace {

/// Which row of a table stays, as far as it is told per stream (connector/deduplication.md has the
/// rule itself). A plain value.
struct MergeRules {
  std::vector<std::string> key;  ///< primary_key, or replace_by when `sets`
  bool sets = false;             ///< the unit is all rows of one change of a parent
  std::string cursor;            ///< the user's cursor column; empty: arrival decides
  bool hard_deletes = true;

  bool operator==(const MergeRules&) const = default;
  /// Rows that are unique under one are so under the other.
  bool SameKey(const MergeRules& other) const { return key == other.key && sets == other.sets; }
};

/// The column that says that a row was deleted at the source.
inline constexpr const char* kDeletedAtColumn = "_ab_cdc_deleted_at";

}  // namespace millrace
