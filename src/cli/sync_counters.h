#pragma once

#include <cstdint>
#include <filesystem>

#include "attempt/stream_generations.h"
#include "base/clock.h"
#include "base/result.h"

namespace millrace {

/// What a connection counts over its syncs, kept in its folder beside the state: syncs, attempts,
/// and each stream's generation. One thread; the caller holds the folder's lock.
class SyncCounters {
 public:
  /// Config errors name the file. A missing file counts from zero.
  static Result<SyncCounters> Load(std::filesystem::path path);

  int64_t sync_id() const { return sync_id_; }
  /// Counted over all syncs.
  int64_t attempt_id() const { return attempt_id_; }
  /// Grows with each attempt. It is taken from the clock (milliseconds), so that it grows also for
  /// who has lost this file and counts anew, as does another connection that takes a table over.
  int64_t fencing_token() const { return fencing_token_; }

  void BeginSync() { ++sync_id_; }
  void BeginAttempt(WallTime now);

  StreamGenerations& generations() { return generations_; }

  /// Durable when it returns.
  Status Save() const;

 private:
  std::filesystem::path path_;
  int64_t sync_id_ = 0;
  int64_t attempt_id_ = 0;
  int64_t fencing_token_ = 0;
  StreamGenerations generations_;
};

}  // namespace millrace
