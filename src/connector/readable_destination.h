#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "connector/destination.h"
#include "protocol/catalog.h"

namespace millrace {

/// The rows of one table, batch by batch, in no order that means anything. One thread.
class TableScan {
 public:
  virtual ~TableScan() = default;

  /// The next rows, in the columns that were asked for; null at the end. The schema may differ
  /// between batches (files of different ages): a column that older rows lack is missing there.
  virtual Result<std::shared_ptr<arrow::RecordBatch>> Next() = 0;
};

/// A destination whose tables can be read back: what `millrace verify` compares with the source.
class ReadableDestination : public Destination {
 public:
  /// What a reader of the stream's table would see now: committed, visible rows only. `columns`:
  /// top-level names as the destination has them, in the table's own order; empty means all. A
  /// config error that names the table when there is none.
  virtual Result<std::unique_ptr<TableScan>> Scan(const ConfiguredStream& stream,
                                                  const std::vector<std::string>& columns) = 0;
};

}  // namespace millrace
