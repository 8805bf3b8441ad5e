#pragma once

#include <cstdint>
#include <vector>

#include "connector/destination.h"
#include "protocol/state_store.h"

namespace millrace {

/// What a lane has made durable since its last flush. A plain value.
struct FlushedRows {
  std::vector<StagedParts> parts;  ///< of the stream's own table and of those derived from it
  int64_t records = 0;             ///< of the source
  RecordCounts derived;            ///< rows of the derived tables

  /// Adds another lane's of the same stream.
  void Add(FlushedRows other);
};

}  // namespace millrace
