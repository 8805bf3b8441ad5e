#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace millrace {

/// Whether it is one of 0 to 9.
inline bool IsDigit(char c) { return static_cast<unsigned char>(c - '0') <= 9; }

// Decimal digits eight at a time, as one 64-bit word (first character in the lowest byte).
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are read as little-endian");

inline constexpr uint64_t kEightZeros = 0x3030303030303030;

/// The `size` characters (1 to 8) at `text`, with '0's before them. Reads nothing else.
inline uint64_t LoadDigits(const char* text, size_t size) {
  uint64_t word = 0;
  if (size >= 4) {
    uint32_t first = 0, last = 0;
    std::memcpy(&first, text, 4);
    std::memcpy(&last, text + size - 4, 4);
    word = first | uint64_t{last} << (8 * (size - 4));
  } else {
    const uint64_t first = static_cast<unsigned char>(text[0]);
    const uint64_t middle = static_cast<unsigned char>(text[size / 2]);
    const uint64_t last = static_cast<unsigned char>(text[size - 1]);
    word = first | middle << (8 * (size / 2)) | last << (8 * (size - 1));
  }
  if (size == 8) return word;
  return word << (64 - 8 * size) | kEightZeros >> (8 * size);
}

/// Whether all eight characters are digits.
inline bool AllDigits(uint64_t word) {
  return ((word & 0xF0F0F0F0F0F0F0F0) |
          (((word + 0x0606060606060606) & 0xF0F0F0F0F0F0F0F0) >> 4)) == 0x3333333333333333;
}

/// Where the digits that begin at `p` end. Up to seven bytes behind that place are read.
inline const char* SkipDigits(const char* p) {
  for (;; p += 8) {
    uint64_t word = 0;
    std::memcpy(&word, p, 8);
    // The top bit of each byte above '9' or below '0'; what carries reaches only those behind.
    const uint64_t others =
        (word | (word + 0x4646464646464646) | (word - kEightZeros)) & 0x8080808080808080;
    if (others != 0) return p + std::countr_zero(others) / 8;
  }
}

/// The number that eight digits are.
inline uint64_t DigitsValue(uint64_t word) {
  word -= kEightZeros;
  word = word * 10 + (word >> 8);
  return (((word & 0x000000FF000000FF) * 0x000F424000000064 +
           ((word >> 16) & 0x000000FF000000FF) * 0x0000271000000001) >>
          32);
}

}  // namespace millrace
