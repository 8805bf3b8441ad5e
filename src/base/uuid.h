#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/clock.h"

namespace millrace {

/// A random (version 4) UUID in its 36-character form.
std::string RandomUuid();

/// Makes version 7 UUIDs for a batch of rows: one timestamp and one random part per batch, then a
/// counter (RFC 9562 §6.2, method 1), so that a batch's ids share a long prefix and compress
/// well. Unique, never used for order. One thread.
class UuidV7Batch {
 public:
  static constexpr size_t kTextSize = 36;

  /// Starts a new batch: reads randomness once.
  explicit UuidV7Batch(WallTime now);

  /// Writes the next id's 36 characters to `out`.
  void Next(char* out);

 private:
  std::array<uint8_t, 16> bytes_;  // the next id
  std::array<char, kTextSize> text_;
};

}  // namespace millrace
