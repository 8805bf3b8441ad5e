#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "connector/change_batch.h"
#include "connector/source.h"

namespace millrace {

/// The columns of Airbyte's raw files, made of what transform delivers: _airbyte_ab_id and
/// _airbyte_emitted_at (milliseconds since 1970 as a whole number), then the stream's own, which a
/// text file without flattening puts into _airbyte_data. The other metadata columns have no place
/// there. For one schema, one lane; one thread.
class RawColumns {
 public:
  /// `input` has current or classic metadata columns; without them a config error.
  static Result<RawColumns> Make(const SchemaPtr& input);
  /// The columns of a stream that never had a row.
  static SchemaPtr SchemaOf(const arrow::Schema& own);

  const SchemaPtr& schema() const { return schema_; }

  /// The batch in schema(). A system error when it isn't one of the input's.
  Result<ChangeBatch> Apply(const ChangeBatch& batch);

  /// Entries of _airbyte_meta.changes seen so far: they are not in the file.
  int64_t changes_dropped() const { return changes_dropped_; }

 private:
  SchemaPtr input_, schema_;
  int id_ = -1, emitted_at_ = -1, meta_ = -1;
  std::vector<int> own_;
  int64_t changes_dropped_ = 0;
};

}  // namespace millrace
