#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "protocol/state.h"
#include "protocol/state_store.h"

namespace millrace {

/// The states that a destination was given and has not echoed yet, and which of them an echo means.
/// It is known by the id that it was sent with or, where a destination drops that, by its content,
/// however its fields are ordered: two states of one content say the same, so the older is taken.
/// An echo covers what was sent before it, of its stream or, when it is global, of all. Holds a few
/// bytes for each state. Thread-safe.
class SentStates {
 public:
  /// Numbers are this plus the checkpoint's: a destination's own count of states meets none.
  explicit SentStates(int64_t first_number) : first_number_(first_number) {}

  /// Remembers a state before it is sent, and returns the STATE's fields with its number ("id").
  /// `records`: how many were sent since the state before.
  Json Add(CheckpointId id, const StateMessage& state, int64_t records);

  struct Echo {
    std::vector<CheckpointId> confirmed;  ///< by it, oldest first; empty: nothing new
    bool known = true;                    ///< false: no such state was sent
  };
  /// `state`: the STATE's fields as they came back.
  Echo Take(const Json& state);

  /// States not echoed whose content was echoed as another, later or earlier one: the same position
  /// of the same streams, said twice. For the end.
  std::vector<CheckpointId> ConfirmedByContent() const;
  /// How many were not echoed.
  size_t size() const;
  /// What those take in a ledger, about: their text.
  int64_t bytes() const { return bytes_; }

 private:
  struct Sent {
    CheckpointId id;
    uint64_t content;  ///< a hash
    /// Of a STREAM state; empty: it covers all streams.
    std::optional<StreamDescriptor> stream;
    int64_t bytes;
  };

  std::deque<Sent>::const_iterator Find(const Json& state, const StateMessage& message) const;
  bool WasConfirmed(const Json& state, uint64_t content) const;
  void Remember(uint64_t content);

  const int64_t first_number_;
  mutable std::mutex mutex_;
  std::deque<Sent> sent_;           // guarded by mutex_; ascending
  std::deque<uint64_t> confirmed_;  // as above: contents, the newest of them
  CheckpointId last_id_ = 0;        // as above
  std::atomic<int64_t> bytes_ = 0;
};

}  // namespace millrace
