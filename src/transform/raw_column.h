#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "base/result.h"
#include "connector/change_batch.h"
#include "formats/json_encoder.h"

namespace millrace {

/// Makes `_airbyte_data`: each record as one JSON object, its fields in the source's order, exactly
/// as they were read; values that the source did not send are left out. One thread.
class RawColumn {
 public:
  /// A system error names a column whose type JSON has no form for.
  static Result<RawColumn> Make(const std::shared_ptr<arrow::Schema>& schema);

  /// The column's type is json_text(). `batch` has the schema.
  Result<std::shared_ptr<arrow::Array>> Apply(const ChangeBatch& batch) const;

 private:
  explicit RawColumn(JsonEncoder encoder) : encoder_(std::move(encoder)) {}

  JsonEncoder encoder_;
};

}  // namespace millrace
