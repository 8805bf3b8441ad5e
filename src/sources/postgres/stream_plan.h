#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "connector/source.h"
#include "sources/postgres/row_batch.h"
#include "sources/postgres/table.h"

namespace millrace {

/// How one configured stream is read: which columns of which table, as which schema. Thread-safe:
/// all partitions of the stream share it.
class StreamPlan {
 public:
  /// Config error when a configured column is no longer there.
  static Result<std::unique_ptr<StreamPlan>> Make(const ConfiguredStream& stream,
                                                  PostgresTable table, bool validates_utf8);

  const PostgresTable& table() const { return table_; }
  const std::vector<TableColumn>& columns() const { return columns_; }

  /// Columns that the server declares NOT NULL are not nullable, until one of them had a value that
  /// only null can stand for (NaN).
  SchemaPtr schema() const;
  /// The schema that allows the nulls of this batch too.
  SchemaPtr SchemaAllowing(const RowBatch& batch);

  /// "a"::integer, "b"::text, …: the columns as they are read.
  const std::string& select_list() const { return select_list_; }
  /// "schema"."table".
  std::string from() const;
  /// One column as it is read.
  static std::string SelectExpression(const TableColumn& column);

  /// A batch to decode into, perhaps one that knows how much room such rows take; give it back.
  std::unique_ptr<RowBatch> TakeBatch();
  void GiveBatch(std::unique_ptr<RowBatch> batch);

 private:
  StreamPlan(PostgresTable table, std::vector<TableColumn> columns, bool validates_utf8);

  const PostgresTable table_;
  const std::vector<TableColumn> columns_;
  const bool validates_utf8_;
  std::string select_list_;
  mutable std::mutex mutex_;
  SchemaPtr schema_;                                // guarded by mutex_
  std::vector<std::unique_ptr<RowBatch>> batches_;  // guarded by mutex_; given back
};

}  // namespace millrace
