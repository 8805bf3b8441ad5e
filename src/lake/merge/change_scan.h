#pragma once

#include <arrow/type_fwd.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "clients/object_store/object_store.h"
#include "formats/parquet_reader.h"

namespace millrace {

/// A file of changes (or one of a table that is taken for that), in arrival order.
struct ChangeFile {
  std::string key;
  /// Files of one lane's flush have the same: a set of rows may go over from one to the next.
  int64_t flush = 0;
};

/// All changes of a merge in arrival order, numbered from 0, read as often as it takes and never
/// held: rows come batch by batch. One thread.
class ChangeScan {
 public:
  /// Takes a batch, the number of its first row and which file it is of.
  using Sink =
      std::function<Status(const arrow::RecordBatch& rows, int64_t first_row, size_t file)>;
  /// Whether any of `count` rows from `first` on is wanted: what is not is not read.
  using Wanted = std::function<bool(int64_t first, int64_t count)>;

  /// `store` and `bytes_read` outlive it.
  ChangeScan(ObjectStore& store, std::vector<ChangeFile> files, std::atomic<int64_t>* bytes_read)
      : store_(store), files_(std::move(files)), bytes_read_(bytes_read) {}

  /// Reads the footers. Once, before anything else. A system error for more rows than a merge
  /// numbers (4 billion).
  Status Open();

  int64_t row_count() const { return row_count_; }
  /// What a row takes in memory, about.
  int64_t row_bytes() const { return row_count_ == 0 ? 0 : memory_bytes_ / row_count_; }
  const std::vector<ChangeFile>& files() const { return files_; }
  const SchemaPtr& schema(size_t file) const { return readers_[file]->schema(); }
  /// True when some file has the column.
  bool Has(const std::string& column) const;

  /// Hands out `columns` (empty: all) of every wanted row group.
  Status ForEach(const std::set<std::string>& columns, const Wanted& wanted, const Sink& sink);

 private:
  ObjectStore& store_;
  const std::vector<ChangeFile> files_;
  std::atomic<int64_t>* const bytes_read_;
  std::vector<std::unique_ptr<ParquetReader>> readers_;
  int64_t row_count_ = 0;
  int64_t memory_bytes_ = 0;
};

}  // namespace millrace
