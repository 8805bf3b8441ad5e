#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <string>
#include <vector>

#include "connector/source.h"
#include "formats/parquet_reader.h"

namespace millrace {

/// What all changed keys have in common: least and greatest value of each key column and, as long
/// as they are few, each one's hash in Parquet's bloom filters. Tells which row groups of a file
/// can't hold any of them, by the file's footer and filters. One thread.
class KeyBounds {
 public:
  /// More keys than that hit every filter by chance.
  static constexpr size_t kFilterKeysMax = 4096;

  /// `key`: the key's columns in the table's types.
  explicit KeyBounds(arrow::FieldVector key);

  /// Takes the keys of more changes, in the types given.
  void Add(const arrow::ArrayVector& columns, int64_t rows);

  /// False when no row of the row group has a changed key. Reads the filters when statistics don't
  /// tell; a filter that can't be read rules nothing out.
  bool MayHold(const ParquetReader& file, int row_group) const;

 private:
  struct Column {
    std::shared_ptr<arrow::Field> field;
    bool known = false;  ///< of a type that statistics are compared for
    bool nulls = false;  ///< a key has a null: statistics say nothing of those
    bool any = false;
    int64_t least = 0, greatest = 0;  ///< of integers, dates and times
    std::string least_text, greatest_text;
    std::vector<uint64_t> hashes;  ///< one per key, while there are few
  };

  bool WithinStatistics(const ParquetReader& file, int row_group, int leaf,
                        const Column& column) const;

  std::vector<Column> columns_;
  size_t rows_ = 0;
};

}  // namespace millrace
