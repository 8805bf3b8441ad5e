#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "protocol/state_store.h"

namespace millrace {

/// A connection's state as one file: {"epoch", "checkpoint", "states": [Airbyte's state
/// messages]}, replaced in one step (never half written, durable when a call returns). What
/// `millrace sync` and `millrace state` use; one process at a time, which the caller's lock on the
/// data folder sees to.
class FileStateStore : public StateStore {
 public:
  explicit FileStateStore(std::filesystem::path path) : path_(std::move(path)) {}

  /// Config errors name the file: unreadable, not JSON, not a state document.
  Result<SavedState> Load() override;
  Status Save(const StateMessage& state, CheckpointId checkpoint,
              const RecordCounts& counts) override;

  /// What is saved, without making anything; empty when there is no file.
  Result<std::optional<SavedState>> Peek() const;
  /// Replaces the whole state (an edit, a reset) and starts a new epoch: what an earlier epoch
  /// committed is never withdrawn.
  Status Replace(State state);
  /// Forgets streams' states, in the same epoch: a full refresh of each begins.
  Status Forget(const std::vector<StreamDescriptor>& streams);
  /// Forgets one stream's state (and, with it, a shared one) and starts a new epoch.
  Status Clear(const StreamDescriptor& stream);

  const std::filesystem::path& path() const { return path_; }

 private:
  Status Write(SavedState saved);

  std::filesystem::path path_;
  std::optional<SavedState> saved_;  ///< what the file holds, once loaded
};

}  // namespace millrace
