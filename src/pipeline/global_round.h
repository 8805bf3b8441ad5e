#pragma once

#include <memory>
#include <mutex>

#include "pipeline/sync_context.h"

namespace millrace {

/// A global checkpoint on its way through every queue: each stream's lane flushes when it reaches
/// its place in the queue and contributes its parts; the last one sends all of them to the ledger
/// together. A stream that failed breaks the round: then nothing of it is committed. Thread-safe.
class GlobalRound {
 public:
  /// `contributions`: how many streams will call Contribute or Break. Without a state there are
  /// only ends to send.
  GlobalRound(SyncContext& context, std::optional<StateMessage> state, size_t contributions)
      : context_(context), waiting_(contributions) {
    ready_.state = std::move(state);
  }

  /// `ends`: nothing more will come of the stream after this.
  void Contribute(SyncedStream& stream, FlushedRows rows, bool ends);
  void Break();

 private:
  void CountDown();  // requires mutex_

  SyncContext& context_;
  std::mutex mutex_;
  ReadyCheckpoint ready_;
  size_t waiting_;
  bool broken_ = false;
};

}  // namespace millrace
