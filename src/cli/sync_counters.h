#pragma once

#include <cstdint>
#include <filesystem>
#include <map>

#include "base/clock.h"
#include "base/result.h"
#include "base/stream_descriptor.h"
#include "protocol/catalog.h"

namespace millrace {

/// What a connection counts over its syncs, kept in its folder beside the state: syncs, attempts,
/// and each stream's generation. One thread; the caller holds the folder's lock.
class SyncCounters {
 public:
  struct Generation {
    int64_t id = 0;
    /// A generation that replaces the table was begun and has not been completed: the next attempt
    /// begins another one and reads from the start.
    bool replacing = false;
    /// A full refresh was begun and has not been completed; it can be gone on with. What its rows
    /// look like and where they go, in a word of the caller's. Empty: there is none.
    std::string unfinished;
  };

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

  /// Gives the stream its generation_id, minimum_generation_id and sync_id for an attempt. A full
  /// refresh that overwrites, and any stream that is `refreshed` or whose last replacement was not
  /// completed, gets a new generation that replaces the table; a full refresh that appends gets a
  /// new one when it is `retried`; the others keep theirs. So does a full refresh that goes on: one
  /// whose goes_on is set when this is called (there is a state) and stays set, because it is
  /// unfinished, and of the same `shape`. Returns true when what was saved about the stream is void
  /// because its table is built anew.
  bool Assign(ConfiguredStream* stream, bool refreshed, bool retried,
              const std::string& shape = {});
  bool IsUnfinished(const StreamDescriptor& stream) const;
  /// The stream's table is finished. True when that was news to be saved.
  bool Complete(const StreamDescriptor& stream);

  /// Durable when it returns.
  Status Save() const;

 private:
  std::filesystem::path path_;
  int64_t sync_id_ = 0;
  int64_t attempt_id_ = 0;
  int64_t fencing_token_ = 0;
  std::map<StreamDescriptor, Generation> generations_;
};

}  // namespace millrace
