#pragma once

#include <map>
#include <mutex>

#include "cli/attempt/protocol_output.h"
#include "pipeline/progress_listener.h"

namespace millrace {

/// Says STREAM_STATUS on standard output: STARTED before a stream's first record, then each
/// change, each status once and never an earlier one. Thread-safe.
class StreamStatusMessages : public ProgressListener {
 public:
  /// `output` outlives it.
  explicit StreamStatusMessages(ProtocolOutput& output) : output_(output) {}

  /// Before the stream's first record is written.
  void Start(const StreamDescriptor& stream) { Say(stream, StreamStatus::kStarted); }

  void OnProgress(const StreamProgress& progress) override;

 private:
  void Say(const StreamDescriptor& stream, StreamStatus status);

  ProtocolOutput& output_;
  std::mutex mutex_;
  std::map<StreamDescriptor, StreamStatus> said_;  // guarded by mutex_
};

}  // namespace millrace
