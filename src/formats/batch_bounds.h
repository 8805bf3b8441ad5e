#pragma once

#include <cstdint>

namespace millrace {

/// A reader hands over a batch when it has this many rows (a Parquet row group's worth) or bytes.
/// Writers keep batches until they make a row group: larger ones cost memory and gain nothing.
inline constexpr int64_t kBatchRowsMax = 122'880;
inline constexpr int64_t kBatchBytesMax = 4 << 20;

}  // namespace millrace
