#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/byte_reader.h"
#include "base/result.h"
#include "connector/change_batch.h"
#include "connector/source.h"

namespace parquet {
class FileMetaData;
}  // namespace parquet

namespace millrace {

/// Where a Parquet file's bytes come from: any part, in any order. Thread-safe.
struct ParquetBytes {
  int64_t size = 0;
  std::function<Result<std::unique_ptr<ByteReader>>(int64_t offset, int64_t size)> open;
};

class ParquetRows;

/// Reads a Parquet file a row group at a time, within a bounded number of bytes however large the
/// groups are. Types that nothing behind a source knows become their nearest relative (see
/// arrow_types.h). Thread-safe: several threads may read different row groups.
class ParquetReader {
 public:
  /// Reads the footer. A config error when this is no Parquet file, or one cut short.
  static Result<std::unique_ptr<ParquetReader>> Open(ParquetBytes bytes);

  const SchemaPtr& schema() const { return schema_; }
  int row_group_count() const { return row_group_count_; }
  int64_t row_count() const { return row_count_; }

  /// Hands out a row group's rows, of `columns` (empty: all), in batches of at most 122,880 rows
  /// and some 4 MiB.
  Status ReadRowGroup(int row_group, const std::set<std::string>& columns,
                      const std::function<Status(ChangeBatch)>& sink);

  /// The same, batch by batch. The reader outlives the rows, which belong to one thread.
  Result<std::unique_ptr<ParquetRows>> OpenRowGroup(int row_group,
                                                    const std::set<std::string>& columns);

  /// The footer: row groups, statistics, where the filters lie.
  const std::shared_ptr<parquet::FileMetaData>& metadata() const { return metadata_; }
  const ParquetBytes& bytes() const { return bytes_; }

 private:
  friend class ParquetRows;
  struct Group;

  explicit ParquetReader(ParquetBytes bytes);
  Result<Group> OpenGroup(int row_group, const std::set<std::string>& columns);

  const ParquetBytes bytes_;
  std::shared_ptr<parquet::FileMetaData> metadata_;  // null until the footer was read
  SchemaPtr schema_;
  int row_group_count_ = 0;
  int64_t row_count_ = 0;
};

/// The rows of one row group, on their way. One thread.
class ParquetRows {
 public:
  ~ParquetRows();
  /// The next rows; a batch without rows (null) at the end.
  Result<ChangeBatch> Next();

 private:
  friend class ParquetReader;
  ParquetRows();

  std::unique_ptr<ParquetReader::Group> group_;
  SchemaPtr schema_;
};

}  // namespace millrace
