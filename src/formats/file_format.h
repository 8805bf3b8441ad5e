#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace millrace {

/// How the files of a destination look: Airbyte's `format` object of the object-store
/// destinations. A plain value.
struct FileFormat {
  enum class Type { kParquet, kCsv, kJsonl, kAvro };
  enum class Codec { kUncompressed, kSnappy, kGzip, kBrotli, kLz4, kZstd, kDeflate };

  Type type = Type::kParquet;
  /// Parquet: all but deflate. CSV and JSONL: uncompressed or gzip, the whole file. Avro:
  /// uncompressed, deflate, snappy, zstd.
  Codec codec = Codec::kZstd;
  // Avro only.
  int codec_level = -1;         ///< deflate, zstd; -1 with deflate: its default
  bool codec_checksum = false;  ///< zstd
  /// True when a file's columns have types of its own: Parquet, Avro.
  bool typed() const { return type == Type::kParquet || type == Type::kAvro; }

  /// CSV and JSONL: one column (or field) per column of the stream, beside the metadata columns.
  /// False: all of them in one JSON object, `_airbyte_data`.
  bool flatten = false;
  char delimiter = ',';  ///< between the cells of CSV; no field of `format` sets it

  // Parquet only.
  int64_t block_bytes = int64_t{128} << 20;     ///< the most that a row group takes in memory
  int64_t page_bytes = int64_t{1} << 20;        ///< of a data page
  int64_t dictionary_bytes = int64_t{1} << 20;  ///< a larger dictionary is given up
  bool dictionary = true;
  /// Columns that rows are looked up by: they get least and greatest values, also of texts, and
  /// bloom filters.
  std::vector<std::string> key_columns;

  /// ".parquet", ".csv", ".csv.gz", ".jsonl", ".jsonl.gz", ".avro": what {format_extension}
  /// becomes.
  std::string Extension() const;
};

/// Reads the `format` object. Absent fields take Millrace's defaults (Parquet: ZSTD) or Airbyte's
/// (CSV and JSONL: gzip, no flattening; Avro: no compression). Config errors name the field and
/// what it accepts; LZO, and Avro's bzip2 and xz, are refused by name.
Result<FileFormat> FileFormatFromJson(const Json& json);

}  // namespace millrace
