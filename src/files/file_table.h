#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "connector/change_batch.h"
#include "connector/source.h"

namespace millrace {

/// Takes a table's rows as they are read.
using RowSink = std::function<Status(ChangeBatch)>;

/// One file as a table: what the formats have in common. A table knows its schema and its pieces
/// once it was surveyed. Thread-safe after Survey.
class FileTable {
 public:
  virtual ~FileTable() = default;

  /// Looks at as much of the file as it takes to know its schema: the footer of a Parquet file, all
  /// of a text. Blocks; uses a thread per core. Config errors name the line.
  virtual Status Survey(std::stop_token stop) = 0;

  /// Of all columns. Requires Survey, as what follows does.
  virtual const SchemaPtr& schema() const = 0;
  /// How many pieces can be read apart from each other; at least one.
  virtual int64_t piece_count() const = 0;
  /// Rows of the file; -1 when unknown.
  virtual int64_t row_count() const = 0;
  /// Reads a piece, at most a batch in memory. `columns` are those wanted; empty: all.
  virtual Status Read(int64_t piece, const std::set<std::string>& columns, const RowSink& sink,
                      std::stop_token stop) = 0;
};

}  // namespace millrace
