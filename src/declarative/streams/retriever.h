#pragma once

#include <stop_token>

#include "base/status.h"
#include "declarative/slices/stream_slice.h"
#include "declarative/streams/record_consumer.h"

namespace millrace {

/// Reads the records of a slice. From several threads at once, one slice each: it holds nothing
/// that belongs to a slice.
class Retriever {
 public:
  virtual ~Retriever() = default;
  /// Returns when the slice was read to its end, or the consumer wants no more. A failure of the
  /// API is one with the failure type that the manifest gives it. kCanceled: `stop`.
  virtual Status ReadRecords(const StreamSlice& slice, RecordConsumer& consumer,
                             std::stop_token stop) = 0;
};

}  // namespace millrace
