#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "connector/source.h"
#include "sources/postgres/copy_decoder.h"
#include "sources/postgres/cursor_state.h"
#include "sources/postgres/stream_plan.h"

namespace millrace {

/// Follows the cursor through rows that come in its order: leaves out those at the saved value that
/// were delivered before, and makes a checkpoint after a complete cursor value (never between two
/// rows of the same one) whenever a batch has left since the last. One thread.
class CursorProgress : public RowFilter {
 public:
  /// The cursor's value is the one hidden field. `saved` has a canonical cursor, or none, and its
  /// hashes are made over columns that the plan has.
  CursorProgress(const StreamPlan& plan, TableColumn cursor, const CursorState& saved,
                 SourceOutput& output);

  Result<bool> Accept(const std::vector<WireField>& fields, CopyDecoder& decoder) override;

  /// All rows have come and left: the last value is complete. Without a row: the saved state again.
  Status Finish();

  const CursorState& state() const { return state_; }

 private:
  Status StartValue(const WireField& value, CopyDecoder& decoder);

  const StreamPlan& plan_;
  const TableColumn cursor_;
  SourceOutput& output_;
  const std::optional<std::string> saved_cursor_;
  const std::vector<int> delivered_columns_;         // that delivered_ is made over
  std::unordered_map<uint64_t, int64_t> delivered_;  // at the saved value, and how often
  CursorState state_;                                // of the value now coming
  std::string value_bytes_;                          // of that value, as it came
  bool any_row_ = false;
  int64_t batches_at_checkpoint_ = 0;
};

/// The hashes of rows with a cursor's value, and nothing else: what a first sync that was read in
/// pieces needs for its state.
class RowHashCollector : public RowFilter {
 public:
  RowHashCollector(const StreamPlan& plan, CursorState& state);
  Result<bool> Accept(const std::vector<WireField>& fields, CopyDecoder& decoder) override;

 private:
  const int columns_;
  CursorState& state_;
};

}  // namespace millrace
