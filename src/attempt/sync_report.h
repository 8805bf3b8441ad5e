#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/failure_origin.h"
#include "base/json.h"
#include "base/result.h"
#include "base/stream_descriptor.h"
#include "protocol/merge_totals.h"

namespace millrace {

/// How far one stream has come: what an attempt tells its parent. A plain value.
struct StreamReport {
  StreamDescriptor stream;
  std::string status;  ///< "", STARTED, RUNNING, COMPLETE, INCOMPLETE
  int64_t records_read = 0;
  int64_t bytes_read = 0;
  int64_t records_committed = 0;
  int64_t values_changed = 0;  ///< values that were nulled or cut
  /// The tables that normalisation derives from the stream, and the rows committed to each.
  std::vector<std::pair<StreamDescriptor, int64_t>> derived;
  MergeTotals merge;  ///< into its tables, those derived included
  std::optional<int64_t> estimated_records;
  std::optional<int64_t> estimated_bytes;
  std::optional<Error> error;
  FailureOrigin error_origin = FailureOrigin::kUnknown;
};

/// What an attempt did.
struct SyncReport {
  std::string outcome;  ///< succeeded, partial, failed, canceled, interrupted
  std::vector<StreamReport> streams;
  std::optional<Error> error;
  FailureOrigin error_origin = FailureOrigin::kUnknown;
  int64_t records_read = 0;
  int64_t bytes_read = 0;
  int64_t records_committed = 0;
  std::chrono::milliseconds elapsed{0};
};

Json ToJson(const MergeTotals& merge);
Json ToJson(const StreamReport& report);
Json ToJson(const SyncReport& report);
/// System errors: both programs come from one build.
Result<StreamReport> StreamReportFromJson(const Json& json);
Result<SyncReport> SyncReportFromJson(const Json& json);

}  // namespace millrace
