#pragma once

#include <cstdint>

namespace millrace {

/// What merges into the files of a table took. A plain value.
struct MergeTotals {
  int64_t files_replaced = 0;  ///< files of the table that were written again
  int64_t files_added = 0;
  int64_t files_removed = 0;  ///< their last row is gone
  int64_t bytes_read = 0;     ///< of the changes and of the table's files
  int64_t bytes_written = 0;

  bool operator==(const MergeTotals&) const = default;
  MergeTotals& operator+=(const MergeTotals& more) {
    files_replaced += more.files_replaced;
    files_added += more.files_added;
    files_removed += more.files_removed;
    bytes_read += more.bytes_read;
    bytes_written += more.bytes_written;
    return *this;
  }
};

}  // namespace millrace
