#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "verify/checksums.h"
#include "verify/row_passes.h"
#include "verify/row_samples.h"
#include "verify/stream_verdict.h"

namespace millrace {

/// Compares one stream's table with its source. First both sides are summed up, which takes one
/// reading of each and some hundred kilobytes. Only where sums differ, rows are told apart by
/// hashes (kMarksMax rows a side at a time, as often as it takes, kRoundsMax at most), and of those
/// that are at fault some are read once more, to be shown. One use, one thread (the source is read
/// by several).
class StreamVerifier {
 public:
  /// 64 MB a side.
  static constexpr int64_t kMarksMax = 4'000'000;
  static constexpr int kRoundsMax = 16;
  static constexpr size_t kRowsShownMax = 20;

  StreamVerifier(RowPasses::SourceMaker make_source, ReadableDestination& destination,
                 const ConfiguredStream& stream, std::optional<std::string> saved_cursor,
                 std::stop_token stop);

  /// A failure of either end is the verdict's error; fails only when it was stopped.
  Result<StreamVerdict> Run();

 private:
  Status Compare();
  Status SumUp();
  void CompareSums();
  void CompareRanges();
  Status MatchBuckets();
  Status MatchRound(const std::vector<bool>& buckets);
  Status Look();
  void SetAsideNoted();
  void AddNotes();

  const ConfiguredStream& stream_;
  const std::optional<std::string> saved_cursor_;
  RowPasses passes_;
  std::optional<Checksums> source_, destination_;
  std::vector<size_t> different_;  // buckets
  MatchSamples samples_;
  StreamVerdict verdict_;
};

}  // namespace millrace
