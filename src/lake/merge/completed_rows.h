#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "connector/source.h"
#include "lake/merge/change_scan.h"
#include "lake/merge/merge_plan.h"

namespace millrace {

/// Changes whose values were not all sent, completed from the changes before them; what even those
/// lack is taken from the stored row, or becomes null with a meta change. Held in memory: such
/// rows are small, because it is the large values that sources leave out. One thread.
class CompletedRows {
 public:
  /// Reads `rows` (numbers of changes, ascending) and what they need. `schema`: the table's.
  static Result<CompletedRows> Read(ChangeScan& changes, const MergePlan& plan,
                                    const SchemaPtr& schema, const std::vector<uint32_t>& rows);

  /// The given rows (positions in what Read was given). `stored`: a batch in the table's schema,
  /// of whose row `stored_rows[i]` the i-th takes what it lacks; null: there is none.
  Result<std::shared_ptr<arrow::RecordBatch>> Rows(const std::vector<int64_t>& positions,
                                                   const arrow::RecordBatch* stored,
                                                   const std::vector<int64_t>& stored_rows) const;

 private:
  enum class Lacks : uint8_t { kNothing, kStored, kValue };  // kValue: nobody has it

  std::shared_ptr<arrow::RecordBatch> rows_;  // null where a value is lacking
  std::vector<std::vector<Lacks>> lacks_;     // per column; empty: every row has it
};

}  // namespace millrace
