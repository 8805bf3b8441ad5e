#pragma once

#include <chrono>
#include <optional>
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
};

}  // namespace millrace
