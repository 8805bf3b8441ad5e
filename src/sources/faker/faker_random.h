#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace millrace {

/// Random numbers of one made-up row: a function of the seed, the stream and the row's id alone,
/// so that it does not matter who makes which rows in which order. SplitMix64 (Steele, Lea and
/// Flood, 2014). A plain value.
class FakerRandom {
 public:
  FakerRandom(uint64_t seed, uint64_t stream, uint64_t id)
      : state_(Mix(Mix(seed + kStep * (stream + 1)) + kStep * id)) {}

  uint64_t Next() { return Mix(state_ += kStep); }
  /// From 0 to below - 1; the bias is below 2^-32 × below.
  uint64_t Below(uint64_t below) { return ((Next() >> 32) * below) >> 32; }
  int64_t Between(int64_t least, int64_t most) {
    return least + static_cast<int64_t>(Below(static_cast<uint64_t>(most - least + 1)));
  }
  template <size_t N>
  const std::string_view& Pick(const std::string_view (&words)[N]) {
    return words[Below(N)];
  }

 private:
  static constexpr uint64_t kStep = 0x9e3779b97f4a7c15;
  static uint64_t Mix(uint64_t value) {
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
    return value ^ (value >> 31);
  }

  uint64_t state_;
};

}  // namespace millrace
