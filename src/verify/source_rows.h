#pragma once

#include <arrow/type_fwd.h>

#include <functional>
#include <memory>
#include <stop_token>

#include "connector/source.h"
#include "protocol/catalog.h"

namespace millrace {

/// Takes the rows of one reading thread: first, with no rows, the schema that was opened.
class RowTaker {
 public:
  virtual ~RowTaker() = default;
  virtual Status Open(const SchemaPtr& schema) = 0;
  virtual Status Take(const std::shared_ptr<arrow::RecordBatch>& rows) = 0;
};

/// Reads a stream from its start to its end, whatever its mode and state, by partitions on several
/// threads where the source has them. `takers`: one a thread, at least one; each is called from one
/// thread at a time. The selected columns only. Returns the stream's first failure. Blocks.
Status ReadSourceRows(Source& source, const ConfiguredStream& stream,
                      const std::vector<RowTaker*>& takers, std::stop_token stop);

}  // namespace millrace
