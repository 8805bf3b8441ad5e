#pragma once

#include <memory>

#include "formats/parquet_reader.h"

namespace parquet {
class BloomFilter;
}  // namespace parquet

namespace millrace {

/// The bloom filter of a column in one row group; null when there is none, or it can't be read.
std::unique_ptr<parquet::BloomFilter> ReadBloomFilter(const ParquetReader& file, int row_group,
                                                      int leaf);

}  // namespace millrace
