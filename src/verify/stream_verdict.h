#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/stream_descriptor.h"
#include "verify/row_match.h"

namespace millrace {

/// Rows that take no part, and why.
struct LeftOut {
  int64_t newer_at_source = 0;     ///< beyond the saved cursor
  int64_t without_cursor = 0;      ///< of either side: such rows are never synced
  int64_t replaced_at_source = 0;  ///< in the destination, of a key with a newer row at the source
  int64_t newer_in_destination = 0;  ///< beyond the saved cursor
  int64_t deleted = 0;               ///< in the destination, marked by _ab_cdc_deleted_at
};

/// Where on the key's line checksums differ.
struct FaultyRange {
  std::string from, to;  ///< of the first key column: from <= key < to
  int64_t source_rows = 0, destination_rows = 0;
  std::vector<std::string> columns;
};

/// One faulty row, for a person to look at.
struct FaultyRow {
  std::string fault;                                     ///< missing, different, extra, doubled
  std::vector<std::pair<std::string, std::string>> key;  ///< column and value
  struct Value {
    std::string column, source, destination;
    std::string noted;  ///< what _airbyte_meta.changes says of it
  };
  std::vector<Value> values;  ///< of a different row: the columns that differ
};

/// What the comparison of one stream came to. A plain value.
struct StreamVerdict {
  StreamDescriptor stream, destination;
  TableMeaning meaning = TableMeaning::kMirror;
  bool incremental = false;
  std::vector<std::string> key, compared_columns;
  std::optional<std::string> cursor_field, saved_cursor;  ///< the latter when it bounds
  int64_t source_rows = 0, destination_rows = 0;          ///< that were compared
  LeftOut left_out;
  MatchCounts counts;
  bool counts_complete = true;  ///< false: at least so many
  std::vector<std::string> different_columns;
  std::vector<FaultyRange> ranges;
  int64_t ranges_different = 0;  ///< of which `ranges` are the first
  std::vector<FaultyRow> rows;
  std::vector<std::string> notes;
  std::optional<Error> error;  ///< it could not be compared

  bool same() const {
    return !error && counts.missing == 0 && counts.different == 0 && counts.extra == 0 &&
           counts.doubled == 0;
  }
};

Json ToJson(const StreamVerdict& verdict);

}  // namespace millrace
