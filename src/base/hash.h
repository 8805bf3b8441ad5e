#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace millrace {

// 64-bit hashes for comparing data with itself elsewhere: no defence against somebody who makes
// collisions, no promise over versions.

__extension__ using Int128 = __int128;
__extension__ using UInt128 = unsigned __int128;

/// Folds the 128-bit product of two words: each bit of either reaches every bit of the result.
inline uint64_t MixWords(uint64_t a, uint64_t b) {
  const auto product =
      static_cast<UInt128>(a ^ 0x9E3779B97F4A7C15U) * static_cast<UInt128>(b ^ 0xD1B54A32D192ED03U);
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

inline uint64_t HashBytes(std::string_view bytes) {
  uint64_t hash = MixWords(bytes.size(), 0x8CB92BA72F3D8DD7U);
  while (bytes.size() >= 8) {
    uint64_t word;
    std::memcpy(&word, bytes.data(), 8);
    hash = MixWords(hash, word);
    bytes.remove_prefix(8);
  }
  uint64_t tail = 0;
  std::memcpy(&tail, bytes.data(), bytes.size());
  return MixWords(hash, tail);
}

}  // namespace millrace
