#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/stream_descriptor.h"
#include "control/store/sql_database.h"

namespace millrace {

/// How one stream fares in one attempt. A plain value.
struct StoredStreamStatus {
  int64_t job_id = 0;
  int64_t attempt_number = 0;
  StreamDescriptor stream;
  std::string connection_id;
  std::string run_state;         ///< pending, running, complete, incomplete
  std::string incomplete_cause;  ///< failed, canceled; empty unless incomplete
  int64_t transitioned_at = 0;   ///< microseconds since 1970 UTC
};

// Within the caller's transaction.

/// Replaces what was there about that stream and attempt.
Status PutStreamStatus(SqlTransaction& transaction, const StoredStreamStatus& status);
/// Of an attempt.
Result<std::vector<StoredStreamStatus>> ListStreamStatuses(SqlTransaction& transaction,
                                                           int64_t job_id, int64_t attempt_number);
/// Of a connection, the newest job's first, `limit` at most.
Result<std::vector<StoredStreamStatus>> ListStreamStatuses(SqlTransaction& transaction,
                                                           const std::string& connection_id,
                                                           int64_t limit);

}  // namespace millrace
