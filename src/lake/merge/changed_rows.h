#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "connector/source.h"
#include "lake/merge/change_scan.h"
#include "lake/merge/merge_plan.h"

namespace millrace {

/// The changes that a merge writes, by the file that they go to. Reads the changes once for as many
/// files as `held_bytes` of their rows are for, and once for each file that has more. Rows whose
/// values were not all sent are left out (see CompletedRows). Thread-safe.
class ChangedRows {
 public:
  using Sink = std::function<Status(const std::shared_ptr<arrow::RecordBatch>&)>;

  /// The rows of one target: in memory, or yet to be read because they are too many for that.
  struct Taken {
    uint16_t target = 0;
    bool held = false;
    arrow::RecordBatchVector rows;
  };

  /// All of it outlives this; `schema` is what rows are handed out in.
  ChangedRows(ChangeScan& changes, const MergePlan& plan, SchemaPtr schema, int64_t held_bytes);

  /// Takes the rows of one target out of this: once each. Cheapest in the plan's order.
  Result<Taken> Take(uint16_t target);
  /// Hands them out, and lets go of each batch after that.
  Status ForEach(Taken taken, const Sink& sink);

 private:
  Status Stream(uint16_t first, uint16_t last,
                const std::function<Status(uint16_t, std::shared_ptr<arrow::RecordBatch>)>& sink);
  Status Hold(uint16_t first);  // under mutex_

  ChangeScan& changes_;
  const MergePlan& plan_;
  const SchemaPtr schema_;
  const int64_t held_bytes_;
  std::set<std::string> columns_;
  std::mutex mutex_;
  uint16_t held_first_ = 0;                     // guarded by mutex_
  std::vector<arrow::RecordBatchVector> held_;  // guarded by mutex_; targets from held_first_ on
};

}  // namespace millrace
