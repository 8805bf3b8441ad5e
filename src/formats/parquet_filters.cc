#include "formats/parquet_filters.h"

#include <parquet/bloom_filter.h>
#include <parquet/bloom_filter_reader.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>

#include "connector/block_pool.h"
#include "formats/parquet_input.h"

namespace millrace {

std::unique_ptr<parquet::BloomFilter> ReadBloomFilter(const ParquetReader& file, int row_group,
                                                      int leaf) try {
  if (!file.metadata()->RowGroup(row_group)->ColumnChunk(leaf)->bloom_filter_offset()) {
    return nullptr;
  }
  auto input = std::make_shared<ParquetInput>(file.bytes());
  const auto reader = parquet::ParquetFileReader::Open(
      input, parquet::ReaderProperties(BlockPool()), file.metadata());
  const auto group = reader->GetBloomFilterReader().RowGroup(row_group);
  return group == nullptr ? nullptr : group->GetColumnBloomFilter(leaf);
} catch (const std::exception&) {
  return nullptr;  // a filter only spares work
}

}  // namespace millrace
