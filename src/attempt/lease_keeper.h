#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "attempt/attempt_channel.h"
#include "attempt/commit_lease.h"

namespace millrace {

/// Keeps an attempt's lease: asks the worker for it as long as it lives, more often when little is
/// left. Closes the channel of an attempt that has got none for five minutes: its worker hangs, or
/// has given it up. Asking, instead of being told, makes an answer that was long under way no
/// longer valid than it is. Owns a thread.
class LeaseKeeper {
 public:
  /// Both outlive it.
  LeaseKeeper(AttemptChannel& channel, CommitLease& lease);
  ~LeaseKeeper();

 private:
  void Keep(const std::stop_token& stop);

  AttemptChannel& channel_;
  CommitLease& lease_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::jthread thread_;
};

}  // namespace millrace
