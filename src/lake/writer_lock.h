#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "clients/object_store/object_store.h"

namespace millrace {

/// What one attempt says of itself to others that may write the same tables. A plain value.
struct LockText {
  std::string connection;
  int64_t fencing_token = 0;
  std::vector<std::string> tables;
  /// When it was taken, by the store's clock; said by those that were renewed.
  int64_t since_us = 0;
};

/// A lock object in a store that has no conditions (level: leased), so that two attempts do not
/// merge into one table at a time. On a store that has them (level: atomic) the manifests' names do
/// that, and the lock is given back at once. Which of the two it is, taking the lock finds out.
///
/// Of two attempts, the one whose object came first (by the store's clock) goes on and the other is
/// refused; a newer attempt of the same connection takes over from an older one, which notices
/// before its next commit. What can't be promised: that an attempt that was asleep between looking
/// at its lock and its commit has not lost it meanwhile. One thread.
class WriterLock {
 public:
  /// A lock that was not renewed for so long belongs to nobody any more.
  static constexpr std::chrono::minutes kLease{60};

  /// Takes the lock of tables whose manifests are in these folders. A transient error when
  /// somebody else has one of them. `folder`: where locks lie; `store` outlives the lock.
  static Result<std::unique_ptr<WriterLock>> Take(ObjectStore& store, const std::string& folder,
                                                  LockText text);
  /// Gives it back; a failure only makes others wait for the lease.
  ~WriterLock();

  bool leased() const { return leased_; }

  /// Before every commit: a transient error when the lock is not ours any more. Renews it.
  Status Check();

 private:
  WriterLock(ObjectStore& store, LockText text) : store_(store), text_(std::move(text)) {}

  Status Probe(const std::string& folder);
  /// Removes what nobody holds any more; where it matters, gives way to who was first.
  Status PassOthers(const std::string& folder);

  ObjectStore& store_;
  LockText text_;
  std::string key_;  // of the lock's object
  bool leased_ = true;
  WallTime renewed_{};
};

}  // namespace millrace
