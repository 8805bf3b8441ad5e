#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "lake/merge/key_hash.h"

namespace millrace {

/// The keys of one pass of a merge: 24 bytes a key and some 5 of slots. One thread, but for Find.
class KeyIndex {
 public:
  struct Entry {
    KeyHash hash;
    uint32_t row = 0;    ///< the change that stays; of sets: see MergePlanner
    uint32_t extra = 0;  ///< flags; of sets: the number of the set that stays
  };

  /// Forgets everything and makes room for `keys`; more are taken, too.
  void Reset(size_t keys) {
    entries_.clear();
    entries_.reserve(keys);
    Resize(std::bit_ceil(std::max<size_t>(keys + keys / 3, 16)));
  }

  /// The key's entry; a new one (`fresh`) when there is none. Valid until the next call.
  Entry& FindOrAdd(const KeyHash& hash, bool& fresh) {
    if ((entries_.size() + 1) * 8 > slots_.size() * 7) Resize(slots_.size() * 2);
    const size_t slot = SlotOf(hash);
    fresh = slots_[slot] == kFree;
    if (fresh) {
      slots_[slot] = static_cast<uint32_t>(entries_.size());
      entries_.push_back({hash, 0, 0});
    }
    return entries_[slots_[slot]];
  }

  /// Null when there is none. Several threads may ask while nobody adds.
  const Entry* Find(const KeyHash& hash) const {
    const size_t slot = SlotOf(hash);
    return slots_[slot] == kFree ? nullptr : &entries_[slots_[slot]];
  }
  size_t PositionOf(const Entry& entry) const {
    return static_cast<size_t>(&entry - entries_.data());
  }

  std::vector<Entry>& entries() { return entries_; }

 private:
  static constexpr uint32_t kFree = UINT32_MAX;

  /// Where the key is, or would be.
  size_t SlotOf(const KeyHash& hash) const {
    size_t slot = hash.low & (slots_.size() - 1);
    while (slots_[slot] != kFree && !(entries_[slots_[slot]].hash == hash)) {
      slot = (slot + 1) & (slots_.size() - 1);
    }
    return slot;
  }
  void Resize(size_t slots) {
    slots_.assign(slots, kFree);
    for (size_t i = 0; i < entries_.size(); ++i) {
      slots_[SlotOf(entries_[i].hash)] = static_cast<uint32_t>(i);
    }
  }

  std::vector<Entry> entries_;
  std::vector<uint32_t> slots_;  // a power of two of them
};

}  // namespace millrace
