#pragma once

#include <functional>
#include <stop_token>

#include "base/result.h"
#include "declarative/requests/request_options.h"
#include "declarative/slices/stream_slice.h"

namespace millrace {

/// Says what pieces a stream is read in: partition routers and cursors. Built once; the options are
/// asked for from several threads.
class StreamSlicer {
 public:
  /// Takes one slice; false: no more are wanted. May read slices itself before it returns.
  using SliceSink = std::function<bool(StreamSlice)>;

  virtual ~StreamSlicer() = default;

  /// Hands over the slices one by one, in order, and returns when there are no more or no more are
  /// wanted. One thread; may read parent streams. kCanceled: `stop`.
  virtual Status Slices(const SliceSink& sink, std::stop_token stop) = 0;
  /// What requests of a slice carry because of it.
  virtual Result<RequestOptions> OptionsFor(const StreamSlice& slice) const = 0;
};

}  // namespace millrace
