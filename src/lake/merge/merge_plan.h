#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace millrace {

/// A file of the table that a merge may replace.
struct StoredFile {
  std::string key;
  int64_t rows = 0;
  int64_t bytes = 0;
};

/// What a merge does with one file of the table.
struct FilePlan {
  size_t file = 0;            ///< which of the stored files
  std::vector<bool> dropped;  ///< per row of the file: it is gone or replaced
  int64_t dropped_rows = 0;
  int64_t added_rows = 0;  ///< changes that are written into the file
  /// Rows whose change has values that were not sent: the row in the file and the change.
  std::vector<std::pair<uint32_t, uint32_t>> completed;
};

/// What becomes of every change, and of every file of the table that holds a changed key. Every
/// other file stays untouched.
struct MergePlan {
  /// Per change: what is not written, what is a row with a key that the table does not have yet,
  /// and, from kFirstFile on, in which of `files` the row goes.
  static constexpr uint16_t kVoid = 0;
  static constexpr uint16_t kNew = 1;
  static constexpr uint16_t kFirstFile = 2;
  std::vector<uint16_t> target;

  /// Per change, where some change has values that were not sent, else empty: the change whose row
  /// it replaced, or one of the two.
  static constexpr uint32_t kStored = UINT32_MAX;       ///< the table's row, where it has one
  static constexpr uint32_t kNothing = UINT32_MAX - 1;  ///< a deleted row: there is nothing
  std::vector<uint32_t> before;
  std::vector<bool> partial;  ///< per change, as `before`: some values were not sent

  std::vector<FilePlan> files;  ///< in the order in which they were found to change
  int64_t new_rows = 0;
  int64_t kept_changes = 0;  ///< rows that are written, new ones included

  bool IsPartial(int64_t row) const {
    return !partial.empty() && partial[static_cast<size_t>(row)];
  }
};

}  // namespace millrace
