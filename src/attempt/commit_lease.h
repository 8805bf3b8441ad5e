#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>

#include "base/clock.h"
#include "base/status.h"

namespace millrace {

/// Whether an attempt may begin a commit: only while its worker has said so for a time that has not
/// passed, and while that worker can be reached. So an attempt that was given up, whatever held it
/// up, doesn't commit beside its successor. Thread-safe.
class CommitLease {
 public:
  explicit CommitLease(const Clock& clock = Clock::System()) : clock_(clock) {}

  /// Valid for `span` from `asked_at`, the moment when it was asked for: the answer may have waited
  /// for this process. Never shortens it.
  void Renew(SteadyTime asked_at, std::chrono::milliseconds span);
  /// Not valid until Resume, however much of its time is left.
  void Suspend();
  void Resume();
  /// Never valid again.
  void End();

  bool valid() const;
  /// The end of the time it was last renewed to; of SteadyTime's beginning before that.
  SteadyTime ends_at() const;

  /// Waits until it is valid. A transient error once it was ended, kCanceled at a stop.
  Status Await(std::stop_token stop);

 private:
  bool Valid() const;  // requires mutex_

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  SteadyTime ends_at_{};    // guarded by mutex_
  bool suspended_ = false;  // guarded by mutex_
  bool ended_ = false;      // guarded by mutex_
};

}  // namespace millrace
