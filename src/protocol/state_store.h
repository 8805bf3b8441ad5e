#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"
#include "protocol/state.h"

namespace millrace {

/// Counts checkpoints within an epoch, from 1; 0 is "none yet". Saved with the state and written
/// with the data that it covers, so that data without a saved state can be found and withdrawn.
using CheckpointId = uint64_t;

/// Records of one checkpoint, by stream: what the protocol's sourceStats carry.
using RecordCounts = std::map<StreamDescriptor, int64_t>;

/// What a state store holds: the state, and which data it belongs to.
struct SavedState {
  std::string epoch;            ///< random; saved before its first commit
  CheckpointId checkpoint = 0;  ///< of the state; 0 in a new epoch
  State state;
};

/// Keeps a connection's state. Clearing, editing or refreshing state starts a new epoch. One
/// thread at a time.
class StateStore {
 public:
  virtual ~StateStore() = default;

  /// The saved state; a store without one makes and saves a new epoch first.
  virtual Result<SavedState> Load() = 0;

  /// Merges `state` in and remembers `checkpoint`; durable when it returns.
  virtual Status Save(const StateMessage& state, CheckpointId checkpoint,
                      const RecordCounts& counts) = 0;
};

}  // namespace millrace
