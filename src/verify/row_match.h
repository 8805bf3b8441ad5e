#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace {

/// How a destination's table is meant to stand to the source's.
enum class TableMeaning {
  kMirror,   ///< overwrite and dedup: the same rows
  kHistory,  ///< incremental append: each row as it is, and versions that it had before
  kCopies,   ///< full refresh append: each row as it is, and copies of earlier syncs
};

/// One row, known by hashes.
struct RowMark {
  uint64_t key = 0, row = 0;
  bool operator<(const RowMark& other) const {
    return key != other.key ? key < other.key : row < other.row;
  }
};

/// What the comparison of marks found. Counts are of rows.
struct MatchCounts {
  int64_t missing = 0;    ///< the destination has no row of the key
  int64_t different = 0;  ///< it has one of the key, but not this one
  int64_t extra = 0;      ///< the source has no row of the key
  int64_t doubled = 0;    ///< more than once in the destination
  int64_t noted = 0;      ///< different, and the destination's _airbyte_meta says why: no fault
  int64_t older = 0;      ///< versions and copies that the table is meant to hold
};

/// The key hashes of some faulty rows, for looking at them.
struct MatchSamples {
  std::vector<uint64_t> missing, different, extra, doubled;
};

/// Compares two sides' marks, which it sorts, and adds to `counts` and, up to `samples_max` of each
/// kind, to `samples`. All rows of a key are among the marks, or none.
void MatchRows(TableMeaning meaning, std::vector<RowMark>* source,
               std::vector<RowMark>* destination, size_t samples_max, MatchCounts* counts,
               MatchSamples* samples);

}  // namespace millrace
