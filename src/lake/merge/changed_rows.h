#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "connector/source.h"
#include "lake/merge/change_scan.h"
#include "lake/merge/merge_plan.h"

namespace millrace {

/// The changes that a merge writes, by the file that they go to. Reads the changes once for as many
/// files as kHeldBytes of their rows are for, and once for each file that has more. Rows whose
/// values were not all sent are left out (see CompletedRows). One thread.
class ChangedRows {
 public:
  static constexpr int64_t kHeldBytes = int64_t{48} << 20;

  using Sink = std::function<Status(const std::shared_ptr<arrow::RecordBatch>&)>;

  /// All of it outlives this; `schema` is what rows are handed out in.
  ChangedRows(ChangeScan& changes, const MergePlan& plan, SchemaPtr schema);

  /// Hands out the rows of one target. Cheapest when files are asked in the plan's order.
  Status ForEach(uint16_t target, const Sink& sink);

 private:
  Status Stream(uint16_t first, uint16_t last,
                const std::function<Status(uint16_t, std::shared_ptr<arrow::RecordBatch>)>& sink);
  Status Hold(uint16_t first);

  ChangeScan& changes_;
  const MergePlan& plan_;
  const SchemaPtr schema_;
  std::set<std::string> columns_;
  uint16_t held_first_ = 0;
  std::vector<arrow::RecordBatchVector> held_;  // of the targets from held_first_ on
};

}  // namespace millrace
