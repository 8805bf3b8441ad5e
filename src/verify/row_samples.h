#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "verify/row_match.h"
#include "verify/row_passes.h"
#include "verify/stream_verdict.h"

namespace millrace {

/// The rows behind a match's samples: collected from both sides by their keys' hashes, then told
/// apart for a person. Bounded by the number of samples; of one key few rows are kept.
class RowSamples {
 public:
  RowSamples(const RowPasses& passes, MatchSamples samples);

  bool empty() const { return wanted_.empty(); }
  /// From several threads.
  void AddSource(const arrow::RecordBatch& rows, const RowDigests& digests, size_t row);
  void AddDestination(const arrow::RecordBatch& rows, const RowDigests& digests, size_t row);

  /// What is wrong with each key whose rows still differ; `rows_max` of them.
  std::vector<FaultyRow> Explain(size_t rows_max) const;

 private:
  struct Row {
    uint64_t hash = 0;
    std::vector<uint64_t> columns;
    std::vector<std::string> texts;
    std::string meta;        // of the destination: its _airbyte_meta
    long double cursor = 0;  // 0 without one
  };
  struct Rows {
    std::vector<Row> source, destination;
  };

  Row MakeRow(const arrow::RecordBatch& rows, const RowDigests& digests, size_t row,
              RowDigester::Side side) const;
  FaultyRow Describe(const char* fault, const Row& row) const;
  void ExplainDifference(const Rows& rows, std::vector<FaultyRow>* out) const;

  const RowPasses& passes_;
  const MatchSamples samples_;
  std::mutex mutex_;
  std::map<uint64_t, Rows> wanted_;  // by key hash; its rows guarded by mutex_
};

}  // namespace millrace
