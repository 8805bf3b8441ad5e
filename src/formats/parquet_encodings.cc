#include "formats/parquet_encodings.h"

#include <arrow/array.h>
#include <parquet/arrow/schema.h>
#include <parquet/schema.h>

#include <algorithm>

#include "connector/arrow_status.h"
#include "connector/block_pool.h"
#include "connector/meta_column.h"
#include "formats/value_sample.h"

namespace millrace {
namespace {

/// Without a bound of rows per page, the page's size alone decides.
constexpr int64_t kRowsPerPageMax = 10'000'000;
/// Zstandard's own default, 3, makes files 3 % smaller for 15 % more of a sync's CPU time.
constexpr int kZstdLevel = 1;
/// For fractions that do not repeat, which level 1 leaves much larger.
constexpr int kZstdLevelOfFractions = 3;

/// A row group has no more rows; filters of fewer values are folded before they are written.
constexpr int32_t kFilterValues = 122'880;
constexpr double kFilterFalsePositives = 0.01;

parquet::Compression::type ParquetCodecOf(FileFormat::Codec codec) {
  switch (codec) {
    case FileFormat::Codec::kSnappy:
      return parquet::Compression::SNAPPY;
    case FileFormat::Codec::kGzip:
      return parquet::Compression::GZIP;
    case FileFormat::Codec::kBrotli:
      return parquet::Compression::BROTLI;
    case FileFormat::Codec::kLz4:
      return parquet::Compression::LZ4;
    case FileFormat::Codec::kZstd:
      return parquet::Compression::ZSTD;
    case FileFormat::Codec::kDeflate:  // Avro's
    case FileFormat::Codec::kUncompressed:
      break;
  }
  return parquet::Compression::UNCOMPRESSED;
}

/// Appends the arrays that hold plain values, in the order of Parquet's leaf columns.
void AppendLeaves(const std::shared_ptr<arrow::Array>& array, arrow::ArrayVector& leaves) {
  const auto& data = array->data();
  if (data->child_data.empty()) {
    leaves.push_back(array);
    return;
  }
  for (const auto& child : data->child_data) AppendLeaves(arrow::MakeArray(child), leaves);
}

/// The encoding for values of which few repeat.
parquet::Encoding::type DistinctEncodingOf(const parquet::ColumnDescriptor& column) {
  switch (column.physical_type()) {
    case parquet::Type::INT32:
    case parquet::Type::INT64:
      return parquet::Encoding::DELTA_BINARY_PACKED;
    case parquet::Type::BYTE_ARRAY:
      return column.path()->ToDotString() == kRawIdColumn
                 ? parquet::Encoding::DELTA_BYTE_ARRAY
                 : parquet::Encoding::DELTA_LENGTH_BYTE_ARRAY;
    default:
      return parquet::Encoding::PLAIN;
  }
}

void ChooseEncoding(const parquet::ColumnDescriptor& column, const arrow::ArrayVector& chunks,
                    const FileFormat& format, parquet::WriterProperties::Builder& builder) {
  const ValueSample sample = SampleValues(chunks);
  const bool boolean = column.physical_type() == parquet::Type::BOOLEAN;
  if (format.dictionary && !boolean && !sample.mostly_distinct()) {
    builder.enable_dictionary(column.path());
  } else {
    builder.disable_dictionary(column.path());
    if (!boolean) builder.encoding(column.path(), DistinctEncodingOf(column));
    if (column.physical_type() == parquet::Type::DOUBLE &&
        format.codec == FileFormat::Codec::kZstd) {
      builder.compression_level(column.path(), kZstdLevelOfFractions);
    }
  }
  const bool key = std::find(format.key_columns.begin(), format.key_columns.end(),
                             column.path()->ToDotString()) != format.key_columns.end();
  if (key && !boolean) {
    parquet::BloomFilterOptions options;
    options.ndv = kFilterValues;
    options.fpp = kFilterFalsePositives;
    builder.enable_bloom_filter(column.path(), options);
  }
  // To compare texts costs more than readers gain by their min and max.
  if (column.physical_type() == parquet::Type::BYTE_ARRAY && !key) {
    builder.disable_statistics(column.path());
  }
}

}  // namespace

Result<std::shared_ptr<parquet::WriterProperties>> ParquetPropertiesFor(
    const FileFormat& format, const arrow::Schema& schema,
    const std::vector<arrow::ArrayVector>& columns) {
  parquet::WriterProperties::Builder builder;
  builder.memory_pool(BlockPool())
      ->created_by("millrace")
      ->compression(ParquetCodecOf(format.codec))
      ->data_pagesize(format.page_bytes)
      ->dictionary_pagesize_limit(format.dictionary_bytes)
      ->max_rows_per_page(kRowsPerPageMax)
      ->enable_store_decimal_as_integer();
  if (format.codec == FileFormat::Codec::kZstd) builder.compression_level(kZstdLevel);

  std::shared_ptr<parquet::SchemaDescriptor> descriptor;
  MR_ARROW_RETURN_IF_ERROR(parquet::arrow::ToParquetSchema(&schema, *builder.build(), &descriptor),
                           "making the Parquet schema");
  int leaf = 0;
  for (const arrow::ArrayVector& chunks : columns) {
    std::vector<arrow::ArrayVector> leaves;  // per leaf column, its chunks
    for (const auto& chunk : chunks) {
      arrow::ArrayVector of_chunk;
      AppendLeaves(chunk, of_chunk);
      leaves.resize(of_chunk.size());
      for (size_t i = 0; i < of_chunk.size(); ++i) leaves[i].push_back(of_chunk[i]);
    }
    for (const arrow::ArrayVector& values : leaves) {
      ChooseEncoding(*descriptor->Column(leaf++), values, format, builder);
    }
  }
  return builder.build();
}

}  // namespace millrace
