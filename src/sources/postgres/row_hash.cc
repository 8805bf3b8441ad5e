#include "sources/postgres/row_hash.h"

#include <algorithm>

namespace millrace {
namespace {

__extension__ typedef unsigned __int128 UInt128;

/// Spreads each bit of both words over the result: the two halves of their product, folded.
uint64_t Mix(uint64_t a, uint64_t b) {
  const UInt128 product = static_cast<UInt128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// Odd constants with an even spread of bits, from the fractions of pi and e. Part of the state's
// format: never change them.
constexpr uint64_t kStart = 0x243F6A8885A308D3;
constexpr uint64_t kWord = 0xB7E151628AED2A6B;
constexpr uint64_t kField = 0x13198A2E03707345;

/// Takes one value into the hash.
uint64_t MixField(uint64_t hash, const WireField& field) {
  // The size keeps ("a", "bc") and ("ab", "c") apart, and NULL from "".
  hash = Mix(hash ^ kField, static_cast<uint64_t>(static_cast<int64_t>(field.size)) + kWord);
  for (int32_t at = 0; at < field.size; at += 8) {
    uint64_t word = 0;
    std::memcpy(&word, field.data + at, static_cast<size_t>(std::min(8, field.size - at)));
    hash = Mix(hash ^ word ^ kStart, kWord);
  }
  return hash;
}

}  // namespace

uint64_t HashRow(const std::vector<WireField>& fields, int columns) {
  uint64_t hash = kStart;
  for (int i = 0; i < columns; ++i) hash = MixField(hash, fields[static_cast<size_t>(i)]);
  return Mix(hash ^ kWord, kField);
}

uint64_t HashRow(const std::vector<WireField>& fields, const std::vector<int>& places) {
  uint64_t hash = kStart;
  for (const int place : places) hash = MixField(hash, fields[static_cast<size_t>(place)]);
  return Mix(hash ^ kWord, kField);
}

}  // namespace millrace
