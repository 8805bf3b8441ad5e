#include "verify/checksums.h"

#include "base/hash.h"

namespace millrace {

Checksums::Checksums(const ComparePlan& plan)
    : keyed_(!plan.key.empty()), columns_(plan.columns.size()) {
  if (plan.ranged) ranges_.emplace(plan.columns.size());
}

void Checksums::Add(const RowDigests& digests, size_t row) {
  ++rows_;
  Bucket& bucket = buckets_[BucketOf(digests.key[row])];
  ++bucket.rows;
  bucket.sum += digests.row[row];
  RangeSums::Range* range = ranges_ ? &ranges_->At(digests.place[row]) : nullptr;
  if (range != nullptr) ++range->rows;
  for (size_t i = 0; i < columns_.size(); ++i) {
    // By the key, so that values of two rows that change places show. Without one they may not.
    const uint64_t hash =
        keyed_ ? MixWords(digests.columns[i][row], digests.key[row]) : digests.columns[i][row];
    columns_[i] += hash;
    if (range != nullptr) range->columns[i] += hash;
  }
}

void Checksums::Merge(const Checksums& other) {
  rows_ += other.rows_;
  for (size_t i = 0; i < kKeyBuckets; ++i) {
    buckets_[i].rows += other.buckets_[i].rows;
    buckets_[i].sum += other.buckets_[i].sum;
  }
  for (size_t i = 0; i < columns_.size(); ++i) columns_[i] += other.columns_[i];
  if (ranges_) ranges_->Merge(*other.ranges_);
}

}  // namespace millrace
