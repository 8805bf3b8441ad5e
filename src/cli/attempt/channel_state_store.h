#pragma once

#include "attempt/attempt_channel.h"
#include "protocol/state_store.h"

namespace millrace {

/// The state store of an attempt: the parent's, over the channel. A state counts as saved once the
/// parent has answered. RunSync's thread.
class ChannelStateStore : public StateStore {
 public:
  /// `saved` is what the parent gave the attempt to start from.
  ChannelStateStore(AttemptChannel& channel, SavedState saved)
      : channel_(channel), saved_(std::move(saved)) {}

  Result<SavedState> Load() override { return saved_; }
  Status Save(const StateMessage& state, CheckpointId checkpoint,
              const RecordCounts& counts) override;

 private:
  AttemptChannel& channel_;
  SavedState saved_;
};

}  // namespace millrace
