#include "attempt/commit_lease.h"

#include <algorithm>

namespace millrace {

bool CommitLease::Valid() const { return !ended_ && !suspended_ && clock_.Now() < ends_at_; }

void CommitLease::Renew(SteadyTime asked_at, std::chrono::milliseconds span) {
  std::lock_guard lock(mutex_);
  ends_at_ = std::max(ends_at_, asked_at + span);
  changed_.notify_all();
}

void CommitLease::Suspend() {
  std::lock_guard lock(mutex_);
  suspended_ = true;
}

void CommitLease::Resume() {
  std::lock_guard lock(mutex_);
  suspended_ = false;
  changed_.notify_all();
}

void CommitLease::End() {
  std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

bool CommitLease::valid() const {
  std::lock_guard lock(mutex_);
  return Valid();
}

SteadyTime CommitLease::ends_at() const {
  std::lock_guard lock(mutex_);
  return ends_at_;
}

Status CommitLease::Await(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  // Nothing makes it valid but Renew and Resume, which say so.
  changed_.wait(lock, stop, [this] { return ended_ || Valid(); });
  if (stop.stop_requested()) return Status::Canceled();
  if (!ended_) return Status::Ok();
  return TransientError(
      "the server was out of reach for too long, or gave this attempt up: it commits nothing more; "
      "what was not committed comes with the next attempt");
}

}  // namespace millrace
