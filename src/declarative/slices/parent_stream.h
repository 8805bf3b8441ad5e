#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "declarative/manifest/component.h"
#include "declarative/records/declarative_record.h"
#include "declarative/slices/stream_cursor.h"

namespace millrace {

/// A stream whose records are another's partitions, as SubstreamPartitionRouter reads it: slice by
/// slice, with all that the stream does to its records. It hands records out as they come and
/// leaves observing them and closing slices to the router, so that a state is never ahead of the
/// partitions it stands for. Owned by the router; one thread.
class ParentStream {
 public:
  /// False: no more are wanted.
  using RecordSink = std::function<bool(DeclarativeRecord)>;

  virtual ~ParentStream() = default;
  virtual const std::string& name() const = 0;
  /// Its slices, once.
  virtual Status Slices(const StreamSlicer::SliceSink& sink, std::stop_token stop) = 0;
  /// The records of a slice, in order.
  virtual Status ReadSlice(const StreamSlice& slice, const RecordSink& sink,
                           std::stop_token stop) = 0;
  virtual StreamCursor& cursor() = 0;
};

/// Builds the parent from the component in ParentStreamConfig.stream (a DeclarativeStream or a
/// StateDelegatingStream). `state` is the parent's, out of the child's: a dict, empty when there is
/// none.
using ParentStreamMaker =
    std::function<Result<std::unique_ptr<ParentStream>>(const Component& stream, PyValue state)>;

}  // namespace millrace
