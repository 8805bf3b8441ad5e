#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

namespace millrace {

/// Checksums of rows by ranges of a line: each range has the same width, a power of two, which
/// doubles when there are too many of them. No order of rows makes a difference. Memory is bounded
/// by the number of ranges. A plain value.
class RangeSums {
 public:
  struct Range {
    int64_t rows = 0;
    std::vector<uint64_t> columns;  ///< sums of the values' hashes
  };

  explicit RangeSums(size_t columns);

  /// The range of a place. It stays where it is until the next call.
  Range& At(int64_t place);
  void Merge(const RangeSums& other);

  int width_log2() const { return shift_; }
  /// Makes ranges at least this wide.
  void Widen(int width_log2);
  /// By their number: the range of n begins at n << width_log2().
  std::map<int64_t, Range> Sorted() const;

 private:
  size_t columns_;
  size_t ranges_max_;
  int shift_ = 0;
  std::unordered_map<int64_t, Range> ranges_;
  int64_t last_number_ = 0;
  Range* last_ = nullptr;  // of last_number_: most rows follow their neighbour
};

}  // namespace millrace
