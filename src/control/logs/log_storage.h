#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "clients/s3/s3_config.h"
#include "control/worker/attempt_id.h"

namespace millrace {

/// A log as it lies in the storage.
struct StoredLog {
  AttemptId id;
  int64_t bytes = 0;
  WallTime written{};  ///< when it was last appended to
};

/// Where the logs of attempts lie: each a run of whole lines, found again by any server with the
/// same storage. Owned by AttemptLogs. Thread-safe, but one process appends to an attempt at a
/// time.
class LogStorage {
 public:
  virtual ~LogStorage() = default;

  /// Adds whole lines at the end, all or none. Readable when it returns.
  virtual Status Append(const AttemptId& id, std::string_view lines) = 0;
  /// The log's length; 0 when there is none. May be a second old.
  virtual Result<int64_t> Size(const AttemptId& id) = 0;
  /// Bytes [offset, offset + size), fewer at the end.
  virtual Result<std::string> Read(const AttemptId& id, int64_t offset, int64_t size) = 0;

  /// Keeps a copy of a state that was saved, for people to look at. A folder keeps none.
  virtual Status KeepState(const AttemptId& id, int64_t checkpoint, std::string_view state) = 0;

  /// Every log, in no order.
  virtual Result<std::vector<StoredLog>> List() = 0;
  /// With its copies of states. One that is not there is ok.
  virtual Status Remove(const AttemptId& id) = 0;
};

/// Files below `root`, mode 0600.
Result<std::unique_ptr<LogStorage>> OpenLogFolder(const std::filesystem::path& root);

/// Objects of a bucket below `prefix`: `_airbyte_internal/logs/JOB/ATTEMPT/OFFSET.jsonl`, one for
/// each Append, and `_airbyte_internal/state/JOB/ATTEMPT/CHECKPOINT.json`. Contacts nothing yet.
Result<std::unique_ptr<LogStorage>> MakeLogBucket(const S3Config& config, std::string prefix);

}  // namespace millrace
