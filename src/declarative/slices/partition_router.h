#pragma once

#include "declarative/slices/stream_slicer.h"

namespace millrace {

/// Cuts a stream into partitions: what there is to ask an API for besides time. Owned by the
/// stream's cursor; slices are cut by one thread.
class PartitionRouter : public StreamSlicer {
 public:
  /// Where the parent streams stand that are read incrementally: a dict of states by stream name.
  /// None: this router has no parents to tell about. Called by whoever cuts slices, from inside
  /// the sink too, where it covers the slice that is handed over; or after that.
  virtual Result<PyValue> ParentState() const { return PyValue(); }
};

/// Of a stream that has no partitions: one slice without keys.
class SinglePartition final : public PartitionRouter {
 public:
  Status Slices(const SliceSink& sink, std::stop_token) override {
    sink(StreamSlice());
    return Status::Ok();
  }
  Result<RequestOptions> OptionsFor(const StreamSlice&) const override { return RequestOptions(); }
};

}  // namespace millrace
