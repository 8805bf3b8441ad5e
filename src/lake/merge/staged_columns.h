#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <set>
#include <string>

#include "base/result.h"
#include "connector/change_batch.h"

namespace millrace {

// What a staged change says beside its row, as columns of the staged file that hold it; each is
// there only in files that need it.

/// binary, nullable: the names of the columns whose values were not sent, each followed by a zero
/// byte. By name, because columns come and go between two changes of a key.
inline constexpr const char* kUnsentColumn = "_millrace_unsent";
/// int64: ReplacedSets::change.
inline constexpr const char* kSetColumn = "_millrace_set";
/// bool: ReplacedSets::empty.
inline constexpr const char* kEmptySetColumn = "_millrace_empty_set";

/// What the staged files of one writer have had to say so far. It only grows, so that a file ends
/// only when something is said for the first time.
struct StagedShape {
  bool unsent = false;
  bool sets = false;
  std::set<std::string> nullable;  ///< columns that had a value not sent, or an empty set's null
};

/// `rows` (the batch's, converted to what files hold) with the columns above, as far as `batch` or
/// one before it has any of it.
Result<std::shared_ptr<arrow::RecordBatch>> WithStagedColumns(
    const ChangeBatch& batch, const std::shared_ptr<arrow::RecordBatch>& rows, StagedShape& shape);

}  // namespace millrace
