#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "connector/source.h"

namespace millrace {

/// A source with states in the middle of a stream's partitions: an attempt that ended early is
/// followed by one that goes on there. Split then gives the partitions that are left, in an order
/// of the source's own.
class ResumableSource : public PartitionedSource {
 public:
  /// How often the state after the first partitions of a stream is wanted while the others are
  /// still to be read; nullopt: never. After Split. Where it has a value, StateAfter is also called
  /// with the first ones of Split's list, in its order.
  virtual std::optional<std::chrono::milliseconds> CheckpointInterval(
      const ConfiguredStream& stream) = 0;

  /// Whether a full refresh of `stream` can go on where its state in `saved` says: what was read
  /// is still what the source has. When not, it says so in one log line. A stream that appends goes
  /// on in any case when all of it has been read: its rows may be shown already. Asked before the
  /// destination is opened; blocks for the source. Split then gives what is left, at least one
  /// partition (perhaps without rows), also after a state that says "all has been read".
  virtual Result<bool> CanGoOn(const ConfiguredStream& stream, const State& saved,
                               std::stop_token stop) = 0;
};

}  // namespace millrace
