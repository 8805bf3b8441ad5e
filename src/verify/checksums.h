#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "verify/range_sums.h"
#include "verify/row_digest.h"

namespace millrace {

/// Rows are told apart by this many buckets of their keys' hashes.
inline constexpr size_t kKeyBuckets = 4096;
inline size_t BucketOf(uint64_t key_hash) { return key_hash >> 52; }

/// What one side holds, in a few hundred kilobytes: rows and checksums in all, by bucket, by column
/// and by range. The order of rows makes no difference. A plain value.
class Checksums {
 public:
  struct Bucket {
    int64_t rows = 0;
    uint64_t sum = 0;
    bool operator==(const Bucket&) const = default;
  };

  explicit Checksums(const ComparePlan& plan);

  void Add(const RowDigests& digests, size_t row);
  void Merge(const Checksums& other);

  int64_t rows() const { return rows_; }
  const std::array<Bucket, kKeyBuckets>& buckets() const { return buckets_; }
  const std::vector<uint64_t>& columns() const { return columns_; }
  /// Null when the plan is not ranged.
  RangeSums* ranges() { return ranges_ ? &*ranges_ : nullptr; }

 private:
  bool keyed_;
  int64_t rows_ = 0;
  std::array<Bucket, kKeyBuckets> buckets_{};
  std::vector<uint64_t> columns_;
  std::optional<RangeSums> ranges_;
};

}  // namespace millrace
