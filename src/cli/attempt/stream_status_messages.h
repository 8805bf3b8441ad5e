#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "cli/attempt/protocol_output.h"
#include "pipeline/progress_listener.h"

namespace millrace {

/// Says STREAM_STATUS on standard output: STARTED before a stream's first record, then each
/// change, each status once and never an earlier one; and ESTIMATE where the source gave one, again
/// when it gave another. Thread-safe.
class StreamStatusMessages : public ProgressListener {
 public:
  /// `output` outlives it.
  explicit StreamStatusMessages(ProtocolOutput& output) : output_(output) {}

  /// Before the stream's first record is written.
  void Start(const StreamDescriptor& stream) { Say(stream, StreamStatus::kStarted); }

  void OnProgress(const StreamProgress& progress) override;

 private:
  void Say(const StreamDescriptor& stream, StreamStatus status);
  void SayEstimate(const StreamProgress& progress);

  ProtocolOutput& output_;
  std::mutex mutex_;
  std::map<StreamDescriptor, StreamStatus> said_;                              // guarded by mutex_
  using Estimate = std::pair<std::optional<int64_t>, std::optional<int64_t>>;  // rows, bytes
  std::map<StreamDescriptor, Estimate> estimates_;                             // as above
};

}  // namespace millrace
