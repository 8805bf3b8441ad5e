#pragma once

#include <arrow/type_fwd.h>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "connector/readable_destination.h"
#include "connector/source.h"
#include "verify/row_digest.h"
#include "verify/stream_verdict.h"

namespace millrace {

/// The two ends of one stream, read as often as it takes. Each reading of the source is a snapshot
/// of its own. Keeps which keys have newer rows at the source, so that the destination's rows of
/// those take no part: hashes of kNewerKeysMax keys at most.
class RowPasses {
 public:
  static constexpr size_t kNewerKeysMax = 4'000'000;

  using SourceMaker = std::function<Result<std::unique_ptr<Source>>()>;
  /// Hears of each row that takes part. The source's: from several threads, `lane` says which.
  using OnRow = std::function<void(int lane, const arrow::RecordBatch& rows,
                                   const RowDigests& digests, size_t row)>;

  /// `destination` and `stream` outlive it. `saved_cursor`: the state's, when there is one.
  RowPasses(SourceMaker make_source, ReadableDestination& destination,
            const ConfiguredStream& stream, std::optional<std::string> saved_cursor,
            std::stop_token stop);

  static int lanes();

  /// Reads the source. The first time it makes the plan, too: `on_plan` hears of it before any row.
  Status ReadSource(const std::function<void()>& on_plan, const OnRow& on_row);
  /// Reads the destination; after ReadSource. Its lane is 0.
  Status ReadDestination(bool with_meta, const OnRow& on_row);

  /// Made by the first ReadSource.
  const ComparePlan& plan() const { return plan_; }
  /// Of the last two readings.
  const LeftOut& left_out() const { return left_out_; }
  /// The source's columns that no row of the destination had; after ReadDestination.
  std::vector<std::string> MissingColumns() const;

 private:
  class Lane;

  Status EnsurePlan(const arrow::Schema& schema, const std::function<void()>& on_plan);
  Status Add(const Lane& lane);
  Result<std::vector<std::string>> ColumnsToScan(bool with_meta);
  bool TakesPart(const RowDigests& digests, size_t row);

  const SourceMaker make_source_;
  ReadableDestination& destination_;
  const ConfiguredStream& stream_;
  const std::optional<std::string> saved_cursor_;
  const std::stop_token stop_;
  std::mutex mutex_;  // the plan's making
  bool planned_ = false;
  ComparePlan plan_;
  LeftOut left_out_;
  std::vector<uint64_t> newer_keys_;    // sorted, after ReadSource
  std::set<std::string> seen_columns_;  // of the destination
};

}  // namespace millrace
