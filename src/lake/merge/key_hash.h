#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <vector>

#include "base/result.h"

namespace millrace {

/// What stands for a row's key while a merge compares keys: 128 bits of a hash that is seeded anew
/// for each merge, so that nobody can prepare two keys that meet. The chance that any two of a
/// billion keys do is below 10^-19; that is less than the machine's own.
struct KeyHash {
  uint64_t high = 0;
  uint64_t low = 0;

  bool operator==(const KeyHash&) const = default;
};

/// Hashes keys by the rules of connector/deduplication.md: nulls are equal, text compares byte by
/// byte, numbers by value. One thread.
class KeyHasher {
 public:
  /// Draws the seed.
  KeyHasher();

  /// One hash per row of `columns`, which have the same length and, whenever the same hasher is
  /// asked, the same types. A config error for a type that can't be part of a key.
  Result<std::vector<KeyHash>> Hash(const arrow::ArrayVector& columns, int64_t rows) const;

  /// A config error unless values of the type can be compared for equality: nested types can't.
  static Status CheckType(const arrow::DataType& type);

 private:
  uint64_t seed_[4];
};

}  // namespace millrace
