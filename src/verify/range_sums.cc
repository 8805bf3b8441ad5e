#include "verify/range_sums.h"

#include <algorithm>

namespace millrace {
namespace {

constexpr size_t kBytesMax = 8 << 20;
constexpr size_t kRangesMax = 1024;
constexpr size_t kRangesMin = 16;
constexpr int kShiftMax = 62;

}  // namespace

RangeSums::RangeSums(size_t columns)
    : columns_(columns),
      ranges_max_(std::clamp(kBytesMax / (8 * (columns + 8)), kRangesMin, kRangesMax)) {}

RangeSums::Range& RangeSums::At(int64_t place) {
  int64_t number = place >> shift_;
  if (last_ != nullptr && number == last_number_) return *last_;
  auto [found, fresh] = ranges_.try_emplace(number);
  if (fresh) found->second.columns.resize(columns_);
  if (ranges_.size() > ranges_max_ && shift_ < kShiftMax) {
    // A quarter at least, so that it is not widened again soon.
    while (ranges_.size() > ranges_max_ / 2 && shift_ < kShiftMax) Widen(shift_ + 1);
    number = place >> shift_;
    found = ranges_.find(number);
  }
  last_number_ = number;
  last_ = &found->second;
  return *last_;
}

void RangeSums::Widen(int width_log2) {
  if (width_log2 <= shift_) return;
  const int by = width_log2 - shift_;
  std::unordered_map<int64_t, Range> wider;
  for (auto& [number, range] : ranges_) {
    Range& into = wider[number >> by];
    into.columns.resize(columns_);
    into.rows += range.rows;
    for (size_t i = 0; i < columns_; ++i) into.columns[i] += range.columns[i];
  }
  ranges_ = std::move(wider);
  shift_ = width_log2;
  last_ = nullptr;
}

void RangeSums::Merge(const RangeSums& other) {
  Widen(other.shift_);
  for (const auto& [number, range] : other.ranges_) {
    Range& into = At(number * (int64_t{1} << other.shift_));
    into.rows += range.rows;
    for (size_t i = 0; i < columns_; ++i) into.columns[i] += range.columns[i];
  }
}

std::map<int64_t, RangeSums::Range> RangeSums::Sorted() const {
  return {ranges_.begin(), ranges_.end()};
}

}  // namespace millrace
