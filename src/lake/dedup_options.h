#pragma once

#include <cstdint>

namespace millrace {

/// What a destination of files may be told about deduplicated tables. A plain value.
struct DedupOptions {
  bool hard_deletes = true;  ///< cdc_deletion_mode
  /// dedup_target_file_size_mb: a file that has so many bytes takes no new keys.
  int64_t file_bytes = int64_t{32} << 20;
};

}  // namespace millrace
