#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "declarative/streams/declarative_stream.h"
#include "declarative/streams/record_output.h"

namespace millrace {

/// Reads streams with a number of threads, as the CDK's concurrent source does: a thread cuts a
/// stream into slices while others read the slices that are there; half of the threads at most cut.
/// A slice that fails fails its stream, whose other slices and states go on. One use.
class ConcurrentRead {
 public:
  /// Slices that wait to be read; whoever cuts more reads one in between instead.
  static constexpr size_t kWaitingSlicesMax = 1'000;
  /// Records that a thread holds before it hands them on.
  static constexpr size_t kRecordsHeldMax = 512;

  /// `threads` from 1. All are borrowed.
  ConcurrentRead(std::vector<const DeclarativeStream*> streams, int threads, RecordOutput& output,
                 std::stop_token stop);
  ~ConcurrentRead();

  /// Blocks until every stream has ended. Streams that failed were told to the output; returns
  /// which did, and why, in one line; empty: none. A failure is the output's; kCanceled.
  Result<std::string> Run();

 private:
  struct StreamRun;
  struct Task {
    StreamRun* run;
    StreamSlice slice;
  };

  void Work();
  void CutSlices(StreamRun& run);
  /// True: it took the slice. False: nothing more can be read.
  bool AddSlice(StreamRun& run, StreamSlice slice);
  void ReadSlice(const Task& task);
  Status ReadAndClose(StreamRun& run, const StreamSlice& slice);
  void Fail(StreamRun& run, const Status& status);
  /// Ends the stream when nothing of it is left.
  void EndWhenDone(std::unique_lock<std::mutex>& lock, StreamRun& run);
  void End(StreamRun& run);
  /// The output doesn't take any more: everything ends.
  void Abort(const Status& status);
  bool ended() const;

  const std::vector<std::unique_ptr<StreamRun>> runs_;
  const int threads_, cutters_max_;
  RecordOutput& output_;
  std::stop_source stop_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::deque<Task> waiting_;
  size_t next_ = 0, done_ = 0;
  int cutters_ = 0;
  Status aborted_;

  std::stop_callback<std::function<void()>> on_stop_;  // last: it may call at once
};

}  // namespace millrace
